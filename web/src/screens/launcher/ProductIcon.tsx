import {
  Box,
  Boxes,
  BrainCircuit,
  BriefcaseBusiness,
  ChartColumn,
  Cog,
  DatabaseZap,
  Eye,
  FlaskConical,
  Globe,
  Hammer,
  Headphones,
  Headset,
  type LucideIcon,
  MonitorCog,
  PhoneOutgoing,
  Server,
  ShieldUser,
  Smartphone,
  UserRound,
  UsersRound,
  Video,
  Waypoints,
} from 'lucide-react';

/** By the names that the server gives its products' icons. */
const ICONS: Readonly<Record<string, LucideIcon>> = {
  builder: Hammer,
  hammer: Hammer,
  boxes: Boxes,
  eye: Eye,
  'flask-conical': FlaskConical,
  'database-zap': DatabaseZap,
  briefcase: BriefcaseBusiness,
  'user-round': UserRound,
  headset: Headset,
  'chart-column': ChartColumn,
  'users-round': UsersRound,
  server: Server,
  'shield-user': ShieldUser,
  'phone-outgoing': PhoneOutgoing,
  'monitor-cog': MonitorCog,
  globe: Globe,
  cog: Cog,
  smartphone: Smartphone,
  headphones: Headphones,
  video: Video,
  waypoints: Waypoints,
  'brain-circuit': BrainCircuit,
};

export function ProductIcon({ name }: { name: string }) {
  const Icon = ICONS[name] ?? Box;
  return <Icon size={22} aria-hidden />;
}
