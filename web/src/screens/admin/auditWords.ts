// What the server’s audit tells of, in words.

import type { AuditAction, AuditObject } from '../../api/types';
import type { TextId } from '../../i18n/I18n';

/** Every action; one of a newer server is shown as it is. */
export const AUDIT_ACTIONS: Readonly<Record<AuditAction, TextId>> = {
  'call.begun': 'admin.audit.action.call.begun',
  'call.hung_up': 'admin.audit.action.call.hung_up',
  'call.recording': 'admin.audit.action.call.recording',
  'call.transferred': 'admin.audit.action.call.transferred',
  'cdrs.exported': 'admin.audit.action.cdrs.exported',
  'conference.locked': 'admin.audit.action.conference.locked',
  'conference.opened': 'admin.audit.action.conference.opened',
  'conference.party_changed': 'admin.audit.action.conference.party_changed',
  'dialplan.changed': 'admin.audit.action.dialplan.changed',
  'domain.added': 'admin.audit.action.domain.added',
  'domain.changed': 'admin.audit.action.domain.changed',
  'domain.removed': 'admin.audit.action.domain.removed',
  'line.added': 'admin.audit.action.line.added',
  'line.changed': 'admin.audit.action.line.changed',
  'line.features_changed': 'admin.audit.action.line.features_changed',
  'line.mailbox_changed': 'admin.audit.action.line.mailbox_changed',
  'line.pin_changed': 'admin.audit.action.line.pin_changed',
  'line.password_changed': 'admin.audit.action.line.password_changed',
  'line.removed': 'admin.audit.action.line.removed',
  'recording.heard': 'admin.audit.action.recording.heard',
  'role.changed': 'admin.audit.action.role.changed',
  'role.made': 'admin.audit.action.role.made',
  'role.removed': 'admin.audit.action.role.removed',
  'session.closed': 'admin.audit.action.session.closed',
  'session.opened': 'admin.audit.action.session.opened',
  'session.refused': 'admin.audit.action.session.refused',
  'trunk.added': 'admin.audit.action.trunk.added',
  'trunk.changed': 'admin.audit.action.trunk.changed',
  'trunk.removed': 'admin.audit.action.trunk.removed',
  'user.changed': 'admin.audit.action.user.changed',
  'user.disabled': 'admin.audit.action.user.disabled',
  'user.enabled': 'admin.audit.action.user.enabled',
  'user.made': 'admin.audit.action.user.made',
  'user.password_changed': 'admin.audit.action.user.password_changed',
  'user.password_recovered': 'admin.audit.action.user.password_recovered',
  'user.recovery_sent': 'admin.audit.action.user.recovery_sent',
  'user.removed': 'admin.audit.action.user.removed',
  'wall.made': 'admin.audit.action.wall.made',
  'wall.removed': 'admin.audit.action.wall.removed',
};

/** Every kind of object. */
export const AUDIT_OBJECTS: Readonly<Record<AuditObject, TextId>> = {
  call: 'admin.audit.kind.call',
  cdrs: 'admin.audit.kind.cdrs',
  conference: 'admin.audit.kind.conference',
  dialplan: 'admin.audit.kind.dialplan',
  domain: 'admin.audit.kind.domain',
  line: 'admin.audit.kind.line',
  recording: 'admin.audit.kind.recording',
  role: 'admin.audit.kind.role',
  session: 'admin.audit.kind.session',
  trunk: 'admin.audit.kind.trunk',
  user: 'admin.audit.kind.user',
  wall: 'admin.audit.kind.wall',
};
