import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  type ButtonProps,
  Tooltip,
  TooltipTrigger,
} from 'react-aria-components';
import styles from './Button.module.css';
import { cx } from './cx';

interface Props extends Omit<ButtonProps, 'className' | 'children'> {
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly icon?: LucideIcon;
  readonly children: ReactNode;
  readonly className?: string | undefined;
}

/** A button with words, and an icon before them where one helps. */
export function Button({ kind = 'plain', icon: Icon, children, className, ...rest }: Props) {
  return (
    <AriaButton {...rest} className={cx(styles.button, styles[kind], className)}>
      {Icon && <Icon size={16} aria-hidden />}
      {children}
    </AriaButton>
  );
}

interface IconProps extends Omit<ButtonProps, 'className' | 'children'> {
  readonly icon: LucideIcon;
  /** Read out, and shown as a tooltip. */
  readonly label: string;
  readonly kind?: 'plain' | 'quiet' | 'danger';
}

/** A button that is an icon only. */
export function IconButton({ icon: Icon, label, kind = 'quiet', ...rest }: IconProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      <AriaButton
        {...rest}
        aria-label={label}
        className={cx(styles.button, styles[kind], styles.iconOnly)}
      >
        <Icon size={16} aria-hidden />
      </AriaButton>
      <Tooltip className={cx(styles.tooltip)} offset={6}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}
