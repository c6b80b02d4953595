// The live store for components.

import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useRef,
  useSyncExternalStore,
} from 'react';
import type { Live } from './live';
import type { Frame, Topic } from './protocol';
import type { LiveState } from './store';

const LiveContext = createContext<Live | undefined>(undefined);

/** Everything below shares one event socket; it is open while this is mounted. */
export function LiveProvider({ live, children }: { live: Live; children: ReactNode }) {
  useEffect(() => live.start(), [live]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

/** A part of the live state; `select` must return the same object until that part changes. */
export function useLive<T>(select: (state: LiveState) => T): T {
  const { store } = useLiveConnection();
  return useSyncExternalStore(store.subscribe, () => select(store.snapshot()));
}

/** Wants the frames of a topic while the component is mounted. */
export function useTopic(topic: Topic, isWanted = true): void {
  const live = useLiveConnection();
  useEffect(() => (isWanted ? live.watch(topic) : undefined), [live, topic, isWanted]);
}

/** Calls back for each frame of a type; the topic must be wanted by somebody. */
export function useFrames(type: string, listener: (frame: Frame) => void): void {
  const { store } = useLiveConnection();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => store.onFrame(type, (frame) => latest.current(frame)), [store, type]);
}

/** Calls back when a lost connection is there again; never where there is no connection. */
export function useResync(listener: () => void): void {
  const store = useContext(LiveContext)?.store;
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => {
    let seen = store?.snapshot().resyncs;
    return store?.subscribe(() => {
      const { resyncs } = store.snapshot();
      if (resyncs === seen) return;
      seen = resyncs;
      latest.current();
    });
  }, [store]);
}

export function useLiveConnection(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('no LiveProvider above');
  return live;
}
