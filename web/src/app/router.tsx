// Which address shows what. Screens load when they are first opened.

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';

const root = createRootRoute();

const workspace = createRoute({
  getParentRoute: () => root,
  path: '/workspace',
  component: lazyRouteComponent(() => import('../shell/AppShell'), 'AppShell'),
});

const section = createRoute({
  getParentRoute: () => workspace,
  path: '$section',
  component: lazyRouteComponent(() => import('../shell/SectionScreen'), 'SectionScreen'),
});

export const router = createRouter({
  routeTree: root.addChildren([workspace.addChildren([section])]),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
