import {
  Activity,
  Blocks,
  Box,
  Boxes,
  Building2,
  ChartColumn,
  Database,
  FileText,
  FlaskConical,
  Globe,
  Headset,
  type LucideIcon,
  Megaphone,
  MonitorCheck,
  Phone,
  RadioTower,
  Settings,
  ShieldUser,
  Sparkles,
  UserRound,
  UsersRound,
  Video,
  Workflow,
} from 'lucide-react';

/** By the names that the server gives its products' icons. */
const ICONS: Readonly<Record<string, LucideIcon>> = {
  blocks: Blocks,
  boxes: Boxes,
  activity: Activity,
  'flask-conical': FlaskConical,
  database: Database,
  'file-text': FileText,
  'user-round': UserRound,
  headset: Headset,
  'chart-column': ChartColumn,
  'users-round': UsersRound,
  'building-2': Building2,
  'monitor-check': MonitorCheck,
  megaphone: Megaphone,
  workflow: Workflow,
  globe: Globe,
  settings: Settings,
  phone: Phone,
  'radio-tower': RadioTower,
  video: Video,
  'shield-user': ShieldUser,
  sparkles: Sparkles,
};

export function ProductIcon({ name }: { name: string }) {
  const Icon = ICONS[name] ?? Box;
  return <Icon size={22} aria-hidden />;
}
