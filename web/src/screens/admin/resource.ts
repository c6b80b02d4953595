// What an editable kind of object is: its columns, its form, and how both meet the API.

import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { TextId } from '../../i18n/I18n';
import type { GridColumn } from '../../list/columns';
import type { Value, Values } from './merge';

/** A choice of a field. */
export interface Option {
  readonly id: string;
  readonly label: string;
  /** Stands over those of one group, which follow each other. */
  readonly group?: string;
  /** Shown, and not for this user to choose. */
  readonly isDisabled?: boolean;
}

/** One field of a form. */
export interface FieldSpec {
  /** As the server names it in `errors`. */
  readonly name: string;
  readonly label: TextId;
  /** `lines` holds a list, one entry a line; `number` a whole number, or nothing. */
  readonly kind: 'text' | 'number' | 'lines' | 'password' | 'switch' | 'choice' | 'checks';
  /** What to write, where the label does not say. */
  readonly hint?: TextId;
  readonly options?: readonly Option[];
  readonly isRequired?: boolean;
  /** Set once, when the object is made. */
  readonly isOnlyNew?: boolean;
}

/** Every object that people edit. */
export interface Editable {
  readonly id: string;
  /** `null` for what is written elsewhere, and changed there. */
  readonly version: number | null;
}

/** What a form beside the list is given. */
export interface MoreProps<T> {
  readonly it: T;
  readonly onUnsaved: (isUnsaved: boolean) => void;
  readonly onClose: () => void;
}

/** A kind of object that the administrator lists, makes, changes and removes. */
export interface Resource<T extends Editable> {
  /** As `admin.changed` names it. */
  readonly object: string;
  /** Below `/api/v1`. */
  readonly path: string;
  readonly title: TextId;
  readonly empty: TextId;
  readonly add: TextId;
  /** What names an object to people. */
  readonly nameOf: (it: T) => string;
  readonly columns: readonly GridColumn<T>[];
  readonly fields: readonly FieldSpec[];
  readonly toValues: (it: T) => Values;
  readonly initial: Values;
  /** The body of a POST or PUT. */
  readonly toBody: (values: Values, isNew: boolean) => unknown;
  /** Why nobody may change the object here, in words; `undefined` if somebody may. */
  readonly fixedBy?: (it: T) => string | undefined;
  /** What stands over the form of an object that needs attention. */
  readonly remark?: (it: T) => string | undefined;
  /** Objects with a password that is set, and for some made up by the server if nobody types one. */
  readonly password?: 'typed' | 'typed_or_made_up';
  /** What more there is about an object, opened beside the list, with a form of its own. */
  readonly more?: readonly More<T>[];
  /** Something that is done to an object at once, when the question was answered. */
  readonly command?: {
    readonly label: TextId;
    readonly icon: LucideIcon;
    readonly isDisabled: (it: T) => boolean;
    readonly question: (it: T) => string;
    readonly run: (it: T) => Promise<unknown>;
  };
  /** Objects that can be switched off and on again. */
  readonly isDisabled?: (it: T) => boolean;
  readonly canAdd: boolean;
  /** `false` for one that may be changed and must stay. */
  readonly canRemove?: (it: T) => boolean;
}

/** One such thing. */
export interface More<T> {
  readonly label: TextId;
  readonly icon: LucideIcon;
  readonly form: (props: MoreProps<T>) => ReactNode;
}

/** What a field of kind `lines` holds, as a list. */
export function entriesOf(value: Value | undefined): readonly string[] {
  return String(value ?? '')
    .split('\n')
    .map((it) => it.trim())
    .filter(Boolean);
}

/** What a field of kind `number` holds. */
export function numberOf(value: Value | undefined): number | null {
  const text = String(value ?? '').trim();
  return text === '' ? null : Number(text);
}
