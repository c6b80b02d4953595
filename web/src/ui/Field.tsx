import { Eye, EyeOff } from 'lucide-react';
import { type ReactNode, type Ref, useState } from 'react';
import {
  FieldError,
  Input,
  Label,
  Text,
  TextArea,
  TextField,
  type TextFieldProps,
} from 'react-aria-components';
import { useText } from '../i18n/I18n';
import { IconButton } from './Button';
import { cx } from './cx';
import styles from './Field.module.css';

interface Props extends Omit<TextFieldProps, 'className' | 'children' | 'isInvalid'> {
  readonly label: string;
  /** What is wrong with the value, in the user's language; shown beside the field. */
  readonly error?: string | undefined;
  /** What to write. */
  readonly hint?: string | undefined;
  readonly warning?: string | undefined;
  readonly inputRef?: Ref<HTMLInputElement> | undefined;
  readonly after?: ReactNode;
}

/** A labelled line of text. */
export function Field({ inputRef, after, ...rest }: Props) {
  return (
    <Around {...rest}>
      <span className={styles.box}>
        <Input {...(inputRef ? { ref: inputRef } : {})} className={cx(styles.input)} />
        {after}
      </span>
    </Around>
  );
}

/** A labelled list, one entry a line. */
export function LinesField(props: Omit<Props, 'type' | 'after' | 'inputRef'>) {
  return (
    <Around {...props}>
      <TextArea rows={LINES_SHOWN} spellCheck={false} className={cx(styles.lines)} />
    </Around>
  );
}

/** Label over the input, and below it what there is to say of it. */
function Around({
  label,
  error,
  hint,
  warning,
  children,
  ...rest
}: Omit<Props, 'inputRef' | 'after'> & { readonly children: ReactNode }) {
  // An error says what to write, too.
  const said = warning ?? (error === undefined ? hint : undefined);
  return (
    <TextField
      {...rest}
      className={cx(styles.field)}
      isInvalid={error !== undefined}
      validationBehavior="aria"
    >
      <Label className={cx(styles.label)}>
        {label}
        {rest.isRequired && <span aria-hidden="true"> *</span>}
      </Label>
      {children}
      {said && (
        <Text slot="description" className={cx(warning ? styles.warning : styles.hint)}>
          {said}
        </Text>
      )}
      <FieldError className={cx(styles.error)}>{error}</FieldError>
    </TextField>
  );
}

const LINES_SHOWN = 3;

type KeyEvent = Parameters<NonNullable<TextFieldProps['onKeyDown']>>[0];

/** A masked line of text, which can be shown, and which warns of caps lock. */
export function PasswordField(props: Omit<Props, 'type' | 'after' | 'warning'>) {
  const t = useText();
  const [isShown, setShown] = useState(false);
  const [hasCapsLock, setCapsLock] = useState(false);
  const watchCapsLock = (event: KeyEvent) => {
    setCapsLock(event.getModifierState('CapsLock'));
    // Escape and Enter are for the form around.
    event.continuePropagation();
  };

  return (
    <Field
      {...props}
      type={isShown ? 'text' : 'password'}
      onKeyDown={watchCapsLock}
      onKeyUp={watchCapsLock}
      onBlur={() => setCapsLock(false)}
      warning={hasCapsLock ? t('field.capsLock') : undefined}
      after={
        <IconButton
          icon={isShown ? EyeOff : Eye}
          label={t(isShown ? 'field.hidePassword' : 'field.showPassword')}
          onPress={() => setShown(!isShown)}
        />
      }
    />
  );
}
