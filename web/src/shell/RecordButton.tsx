import { useMutation } from '@tanstack/react-query';
import { Circle, Square } from 'lucide-react';
import type { ActiveCall } from '../api/types';
import { useText } from '../i18n/I18n';
import { Button } from '../ui/Button';
import { useRefusalText } from '../ui/States';
import { toast } from '../ui/toasts';
import { toggleRecording } from './calls';
import styles from './RecordButton.module.css';

/** «Запись» / «Стоп запись», where the server says that the call can be recorded. */
export function RecordButton({ call }: { readonly call: ActiveCall }) {
  const t = useText();
  const says = useRefusalText();
  const isOff = call.recording === 'off';
  const { mutate, isPending } = useMutation({
    mutationFn: () => toggleRecording(call),
    onError: (error) => toast(says(error), 'missed'),
  });
  if (!call.actions.includes('record')) return null;

  return (
    // A disabled button has no tooltip of its own.
    <span title={call.is_recording_forced ? t('call.record.forced') : undefined}>
      <Button
        icon={isOff ? Circle : Square}
        isDisabled={isPending || call.is_recording_forced}
        onPress={() => mutate()}
      >
        {t(isOff ? 'call.record' : 'call.record.stop')}
      </Button>
    </span>
  );
}

/** The red dot of a call that is recorded; says, too, that the recording pauses. */
export function RecordingMark({ call }: { readonly call: ActiveCall }) {
  const t = useText();
  if (call.recording === 'off') return null;
  return (
    <span className={styles.mark} data-recording={call.recording}>
      {t(call.recording === 'paused' ? 'call.recording.paused' : 'call.recording.on')}
    </span>
  );
}
