// What an editable kind of object is: its columns, its form, and how both meet the API.

import type { TextId } from '../../i18n/I18n';
import type { GridColumn } from '../../list/columns';
import type { Values } from './merge';

/** A choice of a field. */
export interface Option {
  readonly id: string;
  readonly label: string;
}

/** One field of a form. */
export interface FieldSpec {
  /** As the server names it in `errors`. */
  readonly name: string;
  readonly label: TextId;
  readonly kind: 'text' | 'password' | 'switch' | 'choice' | 'checks';
  readonly options?: readonly Option[];
  readonly isRequired?: boolean;
  /** Set once, when the object is made. */
  readonly isOnlyNew?: boolean;
}

/** Every object that people edit. */
export interface Editable {
  readonly id: string;
  readonly version: number;
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
  /** An object that nobody may change: built in, or from the configuration file. */
  readonly isFixed?: (it: T) => boolean;
  readonly hasPassword?: boolean;
  /** Objects that can be switched off and on again. */
  readonly isDisabled?: (it: T) => boolean;
  readonly canAdd: boolean;
}
