#!/usr/bin/env bash
# Makes the prompts under sounds/ anew: 8 kHz mono 16-bit WAV, peak at -3 dBFS. Sentences have 200 ms of
# silence around, the words of sentences that are put together 30 ms. The results are committed, so
# only someone who changes a prompt's words runs this; with part of a name, such as `say/`, only
# those prompts are made.
#
# Needs Debian's festival, festvox-ru, flite and sox.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

only=${1:-}
for tool in text2wave flite sox; do
    have $tool || die "$tool is missing: apt-get install festival festvox-ru flite sox"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# finish TARGET: what was spoken, to the telephone's rate and level.
finish() {
    mkdir -p "$(dirname "$1")"
    case $1 in
    */say/*) around="$trim reverse $trim reverse pad 0.03 0.03" ;;
    *) around='pad 0.2 0.2' ;;
    esac
    # shellcheck disable=SC2086 # Effects are words.
    sox "$work/spoken.wav" -r 8000 -c 1 -b 16 -D "$1" highpass 80 norm -3 $around
    say "$1: $(soxi -d "$1")"
}
# Drops what is 60 dB below full scale at the beginning: a final th is not much louder.
trim='silence 1 0.01 0.1%'

# russian NAME TEXT
russian() {
    [[ $1 == *"$only"* ]] || return 0
    printf '%s\n' "$2" |
        text2wave -eval '(voice_msu_ru_nsh_clunits)' -o "$work/spoken.wav"
    finish "sounds/ru/$1.wav"
}

# english NAME TEXT
english() {
    [[ $1 == *"$only"* ]] || return 0
    flite -voice slt -t "$2" -o "$work/spoken.wav"
    finish "sounds/en/$1.wav"
}

russian welcome 'Добро пожаловать в Тандем. Связь работает.'
english welcome 'Welcome to Tandem. Your line is working.'

# conference NAME RUSSIAN ENGLISH
conference() {
    russian "conference-$1" "$2"
    english "conference-$1" "$3"
}

conference pin 'Введите пин-код конференции и нажмите решётку.' \
    'Please enter the conference PIN, followed by the pound key.'
conference wrong-pin 'Неверный пин-код. Введите пин-код ещё раз.' \
    'That PIN is wrong. Please enter the PIN again.'
conference refused 'Неверный пин-код. До свидания.' 'That PIN is wrong. Goodbye.'
conference locked 'Конференция закрыта. До свидания.' 'This conference is locked. Goodbye.'
conference full 'В конференции нет свободных мест. До свидания.' 'This conference is full. Goodbye.'
conference muted 'Микрофон выключен.' 'Your microphone is off.'
conference unmuted 'Микрофон включён.' 'Your microphone is on.'
conference now-locked 'Конференция закрыта для новых участников.' 'The conference is now locked.'
conference now-open 'Конференция открыта.' 'The conference is now open.'
conference now-here 'В конференции' 'In this conference there are'
conference only-you 'Кроме вас, в конференции никого нет.' 'You are the only one in this conference.'
conference over 'Конференция окончена. До свидания.' 'This conference is over. Goodbye.'
conference name 'Назовите себя после сигнала и нажмите решётку.' \
    'Please say your name after the tone, followed by the pound key.'
conference has-come 'теперь в конференции.' 'has joined the conference.'
conference has-left 'больше не в конференции.' 'has left the conference.'
conference now-recorded 'Конференция записывается.' 'This conference is being recorded.'
conference not-recorded 'Запись конференции остановлена.' 'This conference is no longer recorded.'
conference inviting 'Приглашаем.' 'Inviting.'
conference invited 'Вас приглашает в конференцию номер' 'You are invited to a conference by'
conference press-one 'Чтобы войти, нажмите один.' 'To join, press one.'
conference they-are-busy 'Приглашённый занят.' 'The invited number is busy.'
conference nobody-answers 'Приглашённый не отвечает.' 'Nobody answers at the invited number.'
conference declined 'Приглашение отклонено.' 'The invitation was declined.'
conference not-reached 'Пригласить не удалось.' 'The invited number cannot be reached.'
conference goodbye 'До свидания.' 'Goodbye.'

# supervise NAME RUSSIAN ENGLISH
supervise() {
    russian "supervise-$1" "$2"
    english "supervise-$1" "$3"
}

supervise listening 'Вы слушаете разговор.' 'You are listening.'
supervise whispering 'Вас слышит оператор.' 'The agent hears you.'
supervise barging 'Вас слышат оба.' 'Both hear you.'
supervise taken 'С ними уже говорит другой супервизор.' 'Another supervisor is speaking to them.'

# voicemail NAME RUSSIAN ENGLISH
voicemail() {
    russian "voicemail-$1" "$2"
    english "voicemail-$1" "$3"
}

voicemail leave-for 'Оставьте сообщение для номера' 'Please leave a message for'
voicemail after-tone 'после сигнала. Когда закончите, нажмите решётку.' \
    'after the tone. When you are done, press the pound key.'
voicemail too-short 'Слишком коротко. Повторите после сигнала.' \
    'That was too short. Please try again after the tone.'
voicemail time-is-over 'Время сообщения истекло.' 'The time for your message is over.'
voicemail review 'Чтобы отправить сообщение, нажмите один. Прослушать, два. Записать заново, три.' \
    'To send your message, press one. To listen to it, press two. To record it again, press three.'
voicemail kept 'Сообщение сохранено. До свидания.' 'Your message is kept. Goodbye.'
voicemail not-kept 'Сохранить сообщение пока не удалось. До свидания.' \
    'Your message could not be kept yet. Goodbye.'
voicemail full 'Почтовый ящик полон. До свидания.' 'This mailbox is full. Goodbye.'
voicemail pin 'Введите пин-код почтового ящика и нажмите решётку.' \
    'Please enter the PIN of your mailbox, followed by the pound key.'
voicemail wrong-pin 'Неверный пин-код. Введите пин-код ещё раз.' \
    'That PIN is wrong. Please enter the PIN again.'
voicemail refused 'Неверный пин-код. До свидания.' 'That PIN is wrong. Goodbye.'
voicemail locked-out 'Пин-код слишком часто вводили неверно. Позвоните позже.' \
    'Wrong PINs were entered too often. Please call later.'
voicemail you-have 'У вас' 'You have'
voicemail no-messages 'У вас нет сообщений.' 'You have no messages.'
voicemail summary 'Прослушать, один. Приветствия и пин-код, пять. Все команды, ноль.' \
    'To listen, press one. For greetings and your PIN, five. For all commands, zero.'
voicemail settings-alone 'Приветствия и пин-код, пять.' 'For greetings and your PIN, press five.'
voicemail menu 'Прослушать сообщение, один. Следующее, два. Перезвонить, три. Предыдущее, четыре. Приветствия и пин-код, пять. Удалить или восстановить, семь. Переслать, восемь. Сохранить, девять. Начать сначала, звёздочка. Закончить, решётка.' \
    'To listen, press one. For the next message, two. To call back, three. For the previous message, four. For greetings and your PIN, five. To delete or restore, seven. To forward, eight. To save, nine. To start over, star. To leave, pound.'
voicemail from 'Сообщение от номера' 'Message from'
voicemail forwarded-by 'переслано с номера' 'forwarded by'
voicemail after-message 'Повторить, один. Следующее, два. Перезвонить, три. Удалить, семь. Переслать, восемь. Сохранить, девять.' \
    'To listen again, press one. For the next message, two. To call back, three. To delete, seven. To forward, eight. To save, nine.'
voicemail after-deleted 'Повторить, один. Следующее, два. Восстановить, семь.' \
    'To listen again, press one. For the next message, two. To restore, seven.'
voicemail no-more 'Больше сообщений нет.' 'There are no more messages.'
voicemail saved 'Сообщение сохранено.' 'The message is saved.'
voicemail deleted 'Сообщение удалено.' 'The message is deleted.'
voicemail restored 'Сообщение восстановлено.' 'The message is restored.'
voicemail gone 'Этого сообщения больше нет.' 'This message is not there any more.'
voicemail forward-to 'Введите номер, на который переслать сообщение, и нажмите решётку.' \
    'Please enter the number to forward the message to, followed by the pound key.'
voicemail forwarded 'Сообщение переслано.' 'The message is forwarded.'
voicemail no-such-number 'Такого номера нет.' 'There is no such number.'
voicemail theirs-is-full 'Тот почтовый ящик полон.' 'That mailbox is full.'
voicemail no-caller 'Номер звонившего неизвестен.' 'The number of the caller is not known.'
voicemail not-reached 'Дозвониться не удалось.' 'The call did not get through.'
voicemail settings 'Приветствие, когда вы не отвечаете, один. Когда вы заняты, два. Временное, три. Ваше имя, четыре. Сменить пин-код, пять. Вернуться, звёздочка.' \
    'For the greeting when you do not answer, press one. When you are busy, two. For a temporary one, three. For your name, four. To change your PIN, five. To go back, star.'
voicemail greeting 'Записать, один. Прослушать, два. Удалить, три. Вернуться, звёздочка.' \
    'To record, press one. To listen, two. To delete, three. To go back, star.'
voicemail say-greeting 'Говорите после сигнала. Когда закончите, нажмите решётку.' \
    'Please speak after the tone. When you are done, press the pound key.'
voicemail review-greeting 'Чтобы сохранить запись, нажмите один. Прослушать, два. Записать заново, три. Отменить, звёздочка.' \
    'To keep the recording, press one. To listen to it, two. To record it again, three. To cancel, star.'
voicemail greeting-kept 'Запись сохранена.' 'The recording is kept.'
voicemail greeting-deleted 'Запись удалена.' 'The recording is deleted.'
voicemail no-greeting 'Записи нет.' 'There is no recording.'
voicemail new-pin 'Введите новый пин-код, от четырёх до двенадцати цифр, и нажмите решётку.' \
    'Please enter your new PIN, four to twelve digits, followed by the pound key.'
voicemail new-pin-again 'Введите новый пин-код ещё раз и нажмите решётку.' \
    'Please enter your new PIN again, followed by the pound key.'
voicemail pins-differ 'Пин-коды не совпали.' 'The PINs are not the same.'
voicemail bad-pin 'Такой пин-код не подходит.' 'This PIN will not do.'
voicemail pin-kept 'Пин-код изменён.' 'Your PIN is changed.'
voicemail unavailable 'Почта сейчас недоступна. Позвоните позже.' \
    'Voicemail is not available at the moment. Please call later.'
voicemail goodbye 'До свидания.' 'Goodbye.'

# ivr NAME RUSSIAN ENGLISH
ivr() {
    russian "ivr-$1" "$2"
    english "ivr-$1" "$3"
}

ivr welcome 'Здравствуйте! Вы позвонили в демонстрационную компанию Тандем.' \
    'Hello! You have called the Tandem demonstration company.'
ivr menu 'Чтобы попасть в поддержку, нажмите один. В отдел продаж, два. Чтобы оставить сообщение, три. Чтобы заказать обратный звонок, четыре. Чтобы поговорить с оператором, ноль.' \
    'For support, press one. For sales, press two. To leave a message, press three. To order a call back, press four. To speak to an operator, press zero.'
ivr invalid 'Такого пункта в меню нет.' 'There is no such choice.'
ivr silent 'Вы ничего не выбрали.' 'You have not chosen anything.'
ivr goodbye 'Мы не поняли ваш выбор. До свидания.' 'We did not understand your choice. Goodbye.'
ivr nobody 'Сейчас никто не может подойти к телефону.' 'Nobody can come to the telephone now.'
# Each in the language that it leads to.
spoken_by_the_other() {
    [[ ivr-other-language == *"$only"* ]] || return 0
    flite -voice slt -t 'For English, press nine.' -o "$work/spoken.wav"
    finish sounds/ru/ivr-other-language.wav
    printf '%s\n' 'Чтобы говорить по-русски, нажмите девять.' |
        text2wave -eval '(voice_msu_ru_nsh_clunits)' -o "$work/spoken.wav"
    finish sounds/en/ivr-other-language.wav
}
spoken_by_the_other

# feature NAME RUSSIAN ENGLISH
feature() {
    russian "feature-$1" "$2"
    english "feature-$1" "$3"
}

feature forward-on 'Переадресация включена.' 'Your calls are now forwarded.'
feature forward-off 'Переадресация выключена.' 'Your calls are no longer forwarded.'
feature dnd-on 'Режим не беспокоить включён.' 'Do not disturb is on.'
feature dnd-off 'Режим не беспокоить выключен.' 'Do not disturb is off.'
feature waiting-on 'Второй вызов включён.' 'Call waiting is on.'
feature waiting-off 'Второй вызов выключен.' 'Call waiting is off.'
feature not-kept 'Не получилось. Попробуйте позже.' 'That did not work. Please try again later.'
feature sign-in-number 'Введите свой номер и нажмите решётку.' \
    'Please enter your extension, followed by the pound key.'
feature sign-in-pin 'Введите свой пин-код и нажмите решётку.' \
    'Please enter your PIN, followed by the pound key.'
feature sign-in-wrong 'Неверный номер или пин-код.' 'That extension or PIN is wrong.'
feature sign-in-locked 'Пин-код слишком часто вводили неверно. Позвоните позже.' \
    'The PIN was wrong too often. Please call again later.'
feature sign-in-refused 'Этому номеру нельзя работать за чужим телефоном.' \
    'This extension may not sign in at other phones.'
feature signed-in 'Теперь это ваш телефон.' 'This phone is now yours.'
feature signed-out 'Телефон свободен.' 'You are signed out.'

russian service-not-built 'Эта услуга пока не работает. До свидания.'
english service-not-built 'This service is not there yet. Goodbye.'

# What crates/call/src/speech puts sentences together of.

# words LANGUAGE PREFIX SUFFIX NAME=TEXT…
words() {
    local pair language=$1 prefix=$2 suffix=$3
    shift 3
    for pair in "$@"; do
        "$language" "say/$prefix${pair%%=*}$suffix" "${pair#*=}"
    done
}

# nouns_ru NAME ONE FEW MANY
nouns_ru() {
    words russian "$1-" '' "one=$2" "few=$3" "many=$4"
}

# nouns_en NAME ONE OTHER
nouns_en() {
    words english "$1-" '' "one=$2" "other=$3"
}

words russian '' '' minus=минус plus=плюс star=звёздочка hash=решётка year=года \
    you-are=вы your-position='ваш номер в очереди' in-queue='в очереди' \
    0=ноль 1=один 2=два 3=три 4=четыре 5=пять 6=шесть 7=семь 8=восемь 9=девять 10=десять \
    11=одиннадцать 12=двенадцать 13=тринадцать 14=четырнадцать 15=пятнадцать 16=шестнадцать \
    17=семнадцать 18=восемнадцать 19=девятнадцать 20=двадцать 30=тридцать 40=сорок 50=пятьдесят \
    60=шестьдесят 70=семьдесят 80=восемьдесят 90=девяносто 100=сто 200=двести 300=триста \
    400=четыреста 500=пятьсот 600=шестьсот 700=семьсот 800=восемьсот 900=девятьсот \
    1-f=одна 2-f=две 1-n=одно
words russian ord- '' 1=первый 2=второй 3=третий 4=четвёртый 5=пятый 6=шестой 7=седьмой 8=восьмой \
    9=девятый 10=десятый 11=одиннадцатый 12=двенадцатый 13=тринадцатый 14=четырнадцатый \
    15=пятнадцатый 16=шестнадцатый 17=семнадцатый 18=восемнадцатый 19=девятнадцатый \
    20=двадцатый 30=тридцатый 40=сороковой 50=пятидесятый 60=шестидесятый 70=семидесятый \
    80=восьмидесятый 90=девяностый 100=сотый 200=двухсотый 300=трёхсотый 400=четырёхсотый \
    500=пятисотый 600=шестисотый 700=семисотый 800=восьмисотый 900=девятисотый
words russian ord- -n 1=первое 2=второе 3=третье 4=четвёртое 5=пятое 6=шестое 7=седьмое 8=восьмое \
    9=девятое 10=десятое 11=одиннадцатое 12=двенадцатое 13=тринадцатое 14=четырнадцатое \
    15=пятнадцатое 16=шестнадцатое 17=семнадцатое 18=восемнадцатое 19=девятнадцатое \
    20=двадцатое 30=тридцатое
words russian ord- -g 1=первого 2=второго 3=третьего 4=четвёртого 5=пятого 6=шестого 7=седьмого \
    8=восьмого 9=девятого 10=десятого 11=одиннадцатого 12=двенадцатого 13=тринадцатого \
    14=четырнадцатого 15=пятнадцатого 16=шестнадцатого 17=семнадцатого 18=восемнадцатого \
    19=девятнадцатого 20=двадцатого 30=тридцатого 40=сорокового 50=пятидесятого \
    60=шестидесятого 70=семидесятого 80=восьмидесятого 90=девяностого 900=девятисотого \
    2000=двухтысячного
words russian month- '' 1=января 2=февраля 3=марта 4=апреля 5=мая 6=июня 7=июля 8=августа \
    9=сентября 10=октября 11=ноября 12=декабря
nouns_ru thousand тысяча тысячи тысяч
nouns_ru million миллион миллиона миллионов
nouns_ru billion миллиард миллиарда миллиардов
nouns_ru day день дня дней
nouns_ru hour час часа часов
nouns_ru minute минута минуты минут
nouns_ru second секунда секунды секунд
nouns_ru rouble рубль рубля рублей
nouns_ru kopeck копейка копейки копеек
nouns_ru dollar доллар доллара долларов
nouns_ru euro евро евро евро
nouns_ru cent цент цента центов
nouns_ru party участник участника участников
nouns_ru new-message 'новое сообщение' 'новых сообщения' 'новых сообщений'
nouns_ru saved-message 'сохранённое сообщение' 'сохранённых сообщения' 'сохранённых сообщений'

words english '' '' minus plus star hash=pound you-are='you are' in-queue='in the queue' \
    your-position='your position in the queue is' and oh am='A M' pm='P M' hundred thousand \
    million billion 0=zero 1=one 2=two 3=three 4=four 5=five 6=six 7=seven 8=eight 9=nine 10=ten \
    11=eleven 12=twelve 13=thirteen 14=fourteen 15=fifteen 16=sixteen 17=seventeen 18=eighteen \
    19=nineteen 20=twenty 30=thirty 40=forty 50=fifty 60=sixty 70=seventy 80=eighty 90=ninety
words english ord- '' 1=first 2=second 3=third 4=fourth 5=fifth 6=sixth 7=seventh 8=eighth 9=ninth \
    10=tenth 11=eleventh 12=twelfth 13=thirteenth 14=fourteenth 15=fifteenth 16=sixteenth \
    17=seventeenth 18=eighteenth 19=nineteenth 20=twentieth 30=thirtieth 40=fortieth \
    50=fiftieth 60=sixtieth 70=seventieth 80=eightieth 90=ninetieth 100=hundredth
words english month- '' 1=January 2=February 3=March 4=April 5=May 6=June 7=July 8=August \
    9=September 10=October 11=November 12=December
nouns_en day day days
nouns_en hour hour hours
nouns_en minute minute minutes
nouns_en second second seconds
nouns_en rouble ruble rubles
nouns_en kopeck kopeck kopecks
nouns_en dollar dollar dollars
nouns_en euro euro euros
nouns_en cent cent cents
nouns_en party participant participants
nouns_en new-message 'new message' 'new messages'
nouns_en saved-message 'saved message' 'saved messages'
