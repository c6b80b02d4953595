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

interface TopicOptions {
  readonly isWanted?: boolean;
  /** Frames come from now on; what was read before may miss a change that none will tell. */
  readonly onHeard?: () => void;
}

/** Wants the frames of a topic while the component is mounted. */
export function useTopic(topic: Topic, { isWanted = true, onHeard }: TopicOptions = {}): void {
  const live = useLiveConnection();
  const latest = useRef(onHeard);
  useEffect(() => {
    latest.current = onHeard;
  });
  useEffect(
    () => (isWanted ? live.watch(topic, () => latest.current?.()) : undefined),
    [live, topic, isWanted],
  );
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

/**
 * Calls back when what was shown before may miss something: a lost connection is there again, or the first
 * one came after the component. Never where there is no connection.
 */
export function useResync(listener: () => void): void {
  const store = useContext(LiveContext)?.store;
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => {
    let seen = store?.snapshot();
    return store?.subscribe(() => {
      const now = store.snapshot();
      const isBehind = now.resyncs !== seen?.resyncs || (now.isLoaded && !seen.isLoaded);
      seen = now;
      if (isBehind) latest.current();
    });
  }, [store]);
}

export function useLiveConnection(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('no LiveProvider above');
  return live;
}
