"""A phone out of PJSIP: says a WAV file, records what it hears, and does what it is told.

Commands come as lines over a TCP connection to the control port (`dial URI`, `hold`, `resume`, `dtmf
DIGITS` beside the audio, `info DIGITS` in SIP, `tones DIGITS` in the audio, `hangup`, `watch URI` for
presence, `text URI WORDS`); what happens is printed, a line each: `digit 5` for a key of the far end, beside
the audio or in SIP, `buddy online`, `mwi yes`, `text URI WORDS`.
"""

import argparse
import select
import socket

import pjsua2 as pj


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True, help="ADDRESS:PORT of the registrar, UDP")
    parser.add_argument("--extension", required=True)
    parser.add_argument("--password", help="none for a carrier, which does not register")
    parser.add_argument("--sip-port", type=int, required=True)
    parser.add_argument("--rtp-port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--codec", required=True, help="as PJSIP calls it: PCMA/8000/1")
    parser.add_argument("--also", help="a second codec, less liked")
    parser.add_argument("--says", required=True, help="WAV file")
    parser.add_argument("--hears", required=True, help="WAV file to be written")
    parser.add_argument("--answers", action="store_true")
    parser.add_argument("--no-events", action="store_true", help="as a phone that has none")
    parser.add_argument("--mwi", action="store_true", help="subscribes to its mailbox")
    return parser.parse_args()


def tell(event):
    print(event, flush=True)


def without_events(sdp):
    """The description of a phone that has no telephone events."""
    lines = sdp.splitlines()
    numbers = {it.split(":")[1].split()[0] for it in lines if "telephone-event" in it}
    kept = []
    for line in lines:
        if line.startswith("m=audio"):
            head, formats = line.split()[:3], line.split()[3:]
            line = " ".join(head + [it for it in formats if it not in numbers])
        about = line.startswith(("a=rtpmap:", "a=fmtp:"))
        if not about or line.split(":")[1].split()[0] not in numbers:
            kept.append(line)
    return "\r\n".join(kept) + "\r\n"


class Call(pj.Call):
    def __init__(self, account, phone, call_id=pj.PJSUA_INVALID_ID):
        super().__init__(account, call_id)
        self.phone = phone

    def onCallState(self, _):
        info = self.getInfo()
        tell(f"call {info.stateText} {info.lastStatusCode}")

    def onCallMediaState(self, _):
        # Its parts do not outlive it.
        info = self.getInfo()
        for media in info.media:
            if media.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            tell(f"media {media.status}")
            if media.status in (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD):
                audio = self.getAudioMedia(media.index)
                self.phone.says.startTransmit(audio)
                audio.startTransmit(self.phone.hears)
                self.phone.tones.startTransmit(audio)

    def onCallTransferStatus(self, transfer):
        tell(f"transfer {transfer.statusCode}")

    def onDtmfDigit(self, heard):
        tell(f"digit {heard.digit}")

    def onCallSdpCreated(self, description):
        if self.phone.options.no_events:
            description.sdp.wholeSdp = without_events(description.sdp.wholeSdp)


def digits(keys):
    sequence = pj.ToneDigitVector()
    for key in keys:
        digit = pj.ToneDigit()
        digit.digit, digit.on_msec, digit.off_msec = key, 100, 100
        sequence.append(digit)
    return sequence


class Account(pj.Account):
    def __init__(self, phone):
        super().__init__()
        self.phone = phone

    def onRegState(self, state):
        tell(f"registered {state.code}")

    def onIncomingCall(self, incoming):
        call = Call(self, self.phone, incoming.callId)
        self.phone.call = call
        answer = pj.CallOpParam()
        answer.statusCode = 200 if self.phone.options.answers else 180
        call.answer(answer)

    def onMwiInfo(self, told):
        if "Messages-Waiting:" in told.rdata.wholeMsg:
            tell("mwi " + told.rdata.wholeMsg.split("Messages-Waiting:")[1].split()[0])

    def onInstantMessage(self, message):
        tell(f"text {message.fromUri} {message.msgBody}")

    def onInstantMessageStatus(self, message):
        tell(f"text answered {int(message.code)}")


class Buddy(pj.Buddy):
    def onBuddyState(self):
        status = self.getInfo().presStatus.status
        names = {pj.PJSUA_BUDDY_STATUS_ONLINE: "online", pj.PJSUA_BUDDY_STATUS_OFFLINE: "offline"}
        tell(f"buddy {names.get(status, 'unknown')}")


class Phone:
    def __init__(self, options):
        self.options = options
        self.call = None
        # One that waits while another is made.
        self.first = None
        self.buddies = {}
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.logConfig.level = config.logConfig.consoleLevel = 0
        config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        self.endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.port = options.sip_port
        transport.boundAddress = "127.0.0.1"
        self.endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self.endpoint.libStart()
        self.endpoint.audDevManager().setNullDev()
        for codec in self.endpoint.codecEnum2():
            self.endpoint.codecSetPriority(codec.codecId, 0)
        self.endpoint.codecSetPriority(options.codec, 255)
        if options.also:
            self.endpoint.codecSetPriority(options.also, 100)
        self.says = pj.AudioMediaPlayer()
        self.says.createPlayer(options.says, pj.PJMEDIA_FILE_NO_LOOP)
        self.hears = pj.AudioMediaRecorder()
        self.hears.createRecorder(options.hears)
        self.tones = pj.ToneGenerator()
        self.tones.createToneGenerator()
        self.account = Account(self)
        self.account.create(self.account_config())

    def account_config(self):
        options = self.options
        config = pj.AccountConfig()
        config.idUri = f"sip:{options.extension}@{options.server}"
        if options.password:
            config.regConfig.registrarUri = f"sip:{options.server}"
            config.sipConfig.authCreds.append(
                pj.AuthCredInfo("digest", "*", options.extension, 0, options.password)
            )
        config.mwiConfig.enabled = options.mwi
        config.mediaConfig.transportConfig.port = options.rtp_port
        config.mediaConfig.transportConfig.portRange = 18
        config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
        return config

    def buddy(self, uri):
        if uri not in self.buddies:
            config = pj.BuddyConfig()
            config.uri = uri
            self.buddies[uri] = Buddy()
            self.buddies[uri].create(self.account, config)
        return self.buddies[uri]

    def obey(self, line):
        command, _, argument = line.partition(" ")
        options = pj.CallOpParam(True)
        if command == "dial":
            self.call = Call(self.account, self)
            self.call.makeCall(argument, options)
        elif command == "consult":
            self.first = self.call
            self.call = Call(self.account, self)
            self.call.makeCall(argument, options)
        elif command == "transfer":
            self.call.xfer(argument, pj.CallOpParam())
        elif command == "attend":
            self.first.xferReplaces(self.call, pj.CallOpParam())
        elif command == "hold":
            self.call.setHold(pj.CallOpParam())
        elif command == "resume":
            options.opt.flag = pj.PJSUA_CALL_UNHOLD
            self.call.reinvite(options)
        elif command == "dtmf":
            self.call.dialDtmf(argument)
        elif command == "info":
            keys = pj.CallSendDtmfParam()
            keys.method, keys.digits = pj.PJSUA_DTMF_METHOD_SIP_INFO, argument
            self.call.sendDtmf(keys)
        elif command == "tones":
            self.tones.playDigits(digits(argument))
        elif command == "hangup":
            self.call.hangup(pj.CallOpParam())
        elif command == "watch":
            self.buddy(argument).subscribePresence(True)
        elif command == "text":
            uri, _, words = argument.partition(" ")
            message = pj.SendInstantMessageParam()
            message.content = words
            self.buddy(uri).sendInstantMessage(message)
        elif command == "quit":
            return False
        else:
            tell(f"unknown command {line!r}")
        return True

    def run(self):
        listener = socket.create_server(("127.0.0.1", self.options.control_port))
        tell("ready")
        connection, rest = None, b""
        while True:
            self.endpoint.libHandleEvents(5)
            sockets = [connection or listener]
            if not select.select(sockets, [], [], 0)[0]:
                continue
            if connection is None:
                connection, _ = listener.accept()
                continue
            received = connection.recv(4096)
            if not received:
                break
            *lines, rest = (rest + received).split(b"\n")
            if not all(self.obey(it.decode()) for it in lines):
                break
        # Closes the recording.
        self.hears = self.says = self.tones = self.call = None
        self.buddies.clear()
        self.endpoint.libDestroy()
        tell("over")


Phone(parse()).run()
