import { Eye, EyeOff } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, type Ref, useState } from 'react';
import {
  FieldError,
  Input,
  Label,
  Text,
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
  readonly hint?: string | undefined;
  readonly inputRef?: Ref<HTMLInputElement> | undefined;
  readonly after?: ReactNode;
}

/** A labelled line of text. */
export function Field({ label, error, hint, inputRef, after, ...rest }: Props) {
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
      <span className={styles.box}>
        <Input {...(inputRef ? { ref: inputRef } : {})} className={cx(styles.input)} />
        {after}
      </span>
      {hint && (
        <Text slot="description" className={cx(styles.hint)}>
          {hint}
        </Text>
      )}
      <FieldError className={cx(styles.error)}>{error}</FieldError>
    </TextField>
  );
}

/** A masked line of text, which can be shown, and which warns of caps lock. */
export function PasswordField(props: Omit<Props, 'type' | 'after' | 'hint'>) {
  const t = useText();
  const [isShown, setShown] = useState(false);
  const [hasCapsLock, setCapsLock] = useState(false);
  const watchCapsLock = (event: KeyboardEvent) => setCapsLock(event.getModifierState('CapsLock'));

  return (
    <Field
      {...props}
      type={isShown ? 'text' : 'password'}
      onKeyDown={watchCapsLock}
      onKeyUp={watchCapsLock}
      onBlur={() => setCapsLock(false)}
      hint={hasCapsLock ? t('field.capsLock') : undefined}
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
