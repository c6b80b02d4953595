// What the administrator's part consists of, and which right opens which.

import {
  Activity,
  BookUser,
  Cable,
  FileSpreadsheet,
  Globe,
  Grid2x2Check,
  History,
  KeySquare,
  type LucideIcon,
  Phone,
  PhoneCall,
  Route,
  SlidersHorizontal,
  Users,
} from 'lucide-react';
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

/** A section of the administrator's part. */
export interface AdminSection {
  readonly code: AdminCode;
  readonly right: string;
  readonly icon: LucideIcon;
  readonly screen: LazyExoticComponent<ComponentType>;
}

/** As they stand in the address. */
export type AdminCode =
  | 'users'
  | 'domains'
  | 'roles'
  | 'rights'
  | 'lines'
  | 'trunks'
  | 'dialplans'
  | 'registrations'
  | 'calls'
  | 'cdrs'
  | 'audit'
  | 'health'
  | 'config';

const SECTIONS: readonly AdminSection[] = [
  {
    code: 'users',
    right: 'users.manage',
    icon: Users,
    screen: lazy(() => import('./UsersScreen')),
  },
  {
    code: 'roles',
    right: 'roles.manage',
    icon: KeySquare,
    screen: lazy(() => import('./RolesScreen')),
  },
  {
    code: 'rights',
    right: 'roles.manage',
    icon: Grid2x2Check,
    screen: lazy(() => import('./rights/RightsScreen')),
  },
  {
    code: 'lines',
    right: 'lines.manage',
    icon: Phone,
    screen: lazy(() => import('./LinesScreen')),
  },
  {
    code: 'trunks',
    right: 'trunks.manage',
    icon: Cable,
    screen: lazy(() => import('./TrunksScreen')),
  },
  {
    code: 'dialplans',
    right: 'dialplans.view',
    icon: Route,
    screen: lazy(() => import('./dialplans/DialplansScreen')),
  },
  {
    code: 'domains',
    right: 'domains.manage',
    icon: Globe,
    screen: lazy(() => import('./DomainsScreen')),
  },
  {
    code: 'registrations',
    right: 'registrations.view',
    icon: BookUser,
    screen: lazy(() => import('./RegistrationsScreen')),
  },
  {
    code: 'calls',
    right: 'live.view',
    icon: PhoneCall,
    screen: lazy(() => import('./LiveCallsScreen')),
  },
  {
    code: 'cdrs',
    right: 'cdrs.view',
    icon: FileSpreadsheet,
    screen: lazy(() => import('./CdrsScreen')),
  },
  {
    code: 'audit',
    right: 'audit.view',
    icon: History,
    screen: lazy(() => import('./AuditScreen')),
  },
  {
    code: 'health',
    right: 'health.view',
    icon: Activity,
    screen: lazy(() => import('./health/HealthScreen')),
  },
  {
    code: 'config',
    right: 'config.view',
    icon: SlidersHorizontal,
    screen: lazy(() => import('./ConfigScreen')),
  },
];

/** The sections that this user may open. */
export function sectionsFor(may: (right: string) => boolean): readonly AdminSection[] {
  return SECTIONS.filter((it) => may(it.right));
}

/** Whether there is such a section, whoever may open it. */
export const isAdminSection = (code: string): boolean => SECTIONS.some((it) => it.code === code);
