// Which address shows what. Screens load when they are first opened.

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router';
import { SignedIn } from './SignedIn';

const root = createRootRoute({ component: Outlet });

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  // Where to go once signed in; only within this panel.
  validateSearch: ({ to }: Record<string, unknown>): { to?: string } =>
    typeof to === 'string' && /^\/(?!\/)/.test(to) ? { to } : {},
  component: lazyRouteComponent(() => import('../screens/login/LoginPage'), 'LoginPage'),
});

const recover = createRoute({
  getParentRoute: () => root,
  path: '/recover',
  validateSearch: ({ token }: Record<string, unknown>): { token?: string } =>
    token === undefined ? {} : { token: String(token) },
  component: lazyRouteComponent(() => import('../screens/login/RecoverPage'), 'RecoverPage'),
});

/** Signed in by a token of its own, on a screen that nobody sits at. */
const wall = createRoute({
  getParentRoute: () => root,
  path: '/wall',
  component: lazyRouteComponent(() => import('../screens/phones/Wall'), 'WallPage'),
});

/** Everything below needs a user. */
const signedIn = createRoute({ getParentRoute: () => root, id: 'signed-in', component: SignedIn });

const launcher = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  component: lazyRouteComponent(() => import('../screens/launcher/Launcher'), 'Launcher'),
});

const workspace = createRoute({
  getParentRoute: () => signedIn,
  path: '/workspace',
  component: lazyRouteComponent(() => import('../shell/AppShell'), 'AppShell'),
});

const workspaceHome = createRoute({
  getParentRoute: () => workspace,
  path: '/',
  component: lazyRouteComponent(() => import('../shell/SectionScreen'), 'FirstSection'),
});

const section = createRoute({
  getParentRoute: () => workspace,
  path: '$section',
  component: lazyRouteComponent(() => import('../shell/SectionScreen'), 'SectionScreen'),
});

const call = createRoute({
  getParentRoute: () => workspace,
  path: 'call/$id',
  component: lazyRouteComponent(() => import('../screens/call/LiveCallScreen'), 'LiveCallScreen'),
});

const pastCall = createRoute({
  getParentRoute: () => workspace,
  path: 'my_calls/$id',
  component: lazyRouteComponent(() => import('../screens/calls/CallPage'), 'CallPage'),
});

const admin = createRoute({
  getParentRoute: () => signedIn,
  path: '/admin',
  component: lazyRouteComponent(() => import('../screens/admin/AdminFrame'), 'AdminFrame'),
});

const adminHome = createRoute({
  getParentRoute: () => admin,
  path: '/',
  component: lazyRouteComponent(
    () => import('../screens/admin/AdminSectionScreen'),
    'FirstAdminSection',
  ),
});

const adminSection = createRoute({
  getParentRoute: () => admin,
  path: '$section',
  component: lazyRouteComponent(
    () => import('../screens/admin/AdminSectionScreen'),
    'AdminSectionScreen',
  ),
});

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    recover,
    wall,
    signedIn.addChildren([
      launcher,
      workspace.addChildren([workspaceHome, section, call, pastCall]),
      admin.addChildren([adminHome, adminSection]),
    ]),
  ]),
  defaultNotFoundComponent: lazyRouteComponent(() => import('./NotFound'), 'NotFound'),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
