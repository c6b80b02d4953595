// The server's types under short names. Screens import from here, never from the generated file.

import type { components } from './schema.gen';

type Schemas = components['schemas'];

export type Problem = Schemas['Problem'];
export type FieldError = Schemas['FieldError'];
export type Me = Schemas['Me'];
export type Product = Schemas['Product'];
export type Line = Schemas['Line'];
export type LineStatus = Schemas['LineStatus'];
export type Session = Schemas['Session'];
export type MenuItem = Schemas['MenuItem'];
export type Bootstrap = Schemas['Bootstrap'];
export type Extension = Schemas['Extension'];
export type ActiveCall = Schemas['ActiveCall'];
/** `recording` is always empty until calls are recorded. */
export type CallRow = Omit<Schemas['CallRow'], 'recording'> & { readonly recording?: unknown };
export type CallCard = Omit<Schemas['CallCard'], 'recording'> & { readonly recording?: unknown };
export type CallEvent = Schemas['CallEvent'];
export type Direction = Schemas['Direction'];
export type Interaction = Schemas['Interaction'];
