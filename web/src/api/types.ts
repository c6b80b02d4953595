// The server's types under short names. Screens import from here, never from the generated file.

import type { components } from './schema.gen';

type Schemas = components['schemas'];

export type Problem = Schemas['Problem'];
export type FieldError = Schemas['FieldError'];
export type Me = Schemas['Me'];
export type Product = Schemas['Product'];
/** One at which the user sits. */
export type Line = Schemas['MyLine'];
/** What becomes of calls to such a line. */
export type LineFeatures = Schemas['LineFeatures'];
export type LineStatus = Schemas['LineState'];
export type MenuItem = Schemas['MenuItem'];
export type Bootstrap = Schemas['Bootstrap'];
export type Extension = Schemas['Extension'];
export type ActiveCall = Schemas['ActiveCall'];
export type CallRow = Schemas['CallRow'];
export type CallCard = Schemas['CallCard'];
export type Recording = Schemas['Recording'];
export type CallEvent = Schemas['CallFact'];
export type Direction = Schemas['CallDirection'];
export type Interaction = Schemas['Interaction'];

// Administration.

export type User = Schemas['User'];
export type Role = Schemas['Role'];
/** A line as the administrator sees it. */
export type ManagedLine = Schemas['Line'];
/** Numbers outside that lines may have the right to call. */
export type OutboundClass = Schemas['OutboundClass'];
/** Somebody called outside more than it may. */
export type OutboundAlarm = Schemas['OutboundAlarm'];
/** Whom a domain or a line takes calls from. */
export type Callers = Schemas['Callers'];
export type Mailbox = Schemas['Mailbox'];
/** A line that is signed in at the phones of another one. */
export type Workplace = Schemas['Workplace'];
export type Domain = Schemas['Domain'];
export type Trunk = Schemas['Trunk'];
/** How a trunk stands now. */
export type TrunkState = Schemas['TrunkState'];
export type Registration = Schemas['Registration'];
export type Cdr = Schemas['Cdr'];
export type AuditAction = Schemas['AuditAction'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditObject = Schemas['AuditObject'];
export type CallQuality = Schemas['CallQuality'];
export type Ladder = Schemas['Ladder'];
export type LadderMessage = Schemas['LadderMessage'];
export type Participant = Schemas['Participant'];
export type Dialplan = Schemas['Dialplan'];
export type DialplanFile = Schemas['DialplanFile'];
export type Mistake = Schemas['DialplanMistake'];
export type Checked = Schemas['Checked'];
export type Tested = Schemas['Tested'];
export type TestedStep = Schemas['TestedStep'];
export type Configuration = Schemas['Configuration'];
export type ConfigKey = Schemas['ConfigKey'];
export type Health = Schemas['Health'];
