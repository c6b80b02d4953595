// The twenty sections of the workspace: icon, texts and, where it is built, the screen.

import {
  Archive,
  AudioLines,
  Bell,
  BookOpen,
  BookOpenCheck,
  CircleUser,
  Contact,
  GraduationCap,
  Grid3x3,
  Headset,
  History,
  Inbox,
  type LucideIcon,
  Mail,
  Megaphone,
  MessageSquareText,
  MessagesSquare,
  PhoneCall,
  PhoneForwarded,
  Settings,
  ShieldCheck,
} from 'lucide-react';
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import type { TextId } from '../i18n/I18n';

/** As the server's menu names them. */
export type SectionCode = (typeof CODES)[number];
export type GroupCode = 'learning' | 'preparation' | 'now' | 'deferred' | 'archive' | 'colleagues';

export interface Section {
  readonly icon: LucideIcon;
  /** The short name, in the menu. */
  readonly menu: TextId;
  /** The heading of the screen. */
  readonly title: TextId;
  /** Missing: not built yet, and the workspace says so. */
  readonly screen?: LazyExoticComponent<ComponentType>;
}

const CODES = [
  'kb',
  'lessons',
  'trainings',
  'admissions',
  'status',
  'notifications',
  'settings',
  'calls',
  'dialogs',
  'campaigns',
  'voicemail',
  'callbacks',
  'mails',
  'mailboxes',
  'my_calls',
  'interactions',
  'im',
  'extensions',
  'agents',
  'phone_panel',
] as const;

const section = (
  code: SectionCode,
  icon: LucideIcon,
  load?: () => Promise<{ default: ComponentType }>,
): Section => ({
  icon,
  menu: `menu.${code}`,
  title: `title.${code}`,
  ...(load && { screen: lazy(load) }),
});

export const sections: Readonly<Record<SectionCode, Section>> = {
  kb: section('kb', BookOpen),
  lessons: section('lessons', BookOpenCheck),
  trainings: section('trainings', GraduationCap),
  admissions: section('admissions', ShieldCheck),
  status: section('status', CircleUser),
  notifications: section('notifications', Bell),
  settings: section('settings', Settings, () => import('../screens/profile/Profile')),
  calls: section('calls', PhoneCall),
  dialogs: section('dialogs', MessageSquareText),
  campaigns: section('campaigns', Megaphone),
  voicemail: section('voicemail', AudioLines),
  callbacks: section('callbacks', PhoneForwarded),
  mails: section('mails', Mail),
  mailboxes: section('mailboxes', Inbox),
  my_calls: section('my_calls', History, () => import('../screens/calls/CallsScreen')),
  interactions: section(
    'interactions',
    Archive,
    () => import('../screens/interactions/InteractionsScreen'),
  ),
  im: section('im', MessagesSquare),
  extensions: section('extensions', Contact, () => import('../screens/phones/Extensions')),
  agents: section('agents', Headset),
  phone_panel: section('phone_panel', Grid3x3, () => import('../screens/phones/PhonePanel')),
};

export const isSection = (code: string): code is SectionCode =>
  (CODES as readonly string[]).includes(code);
