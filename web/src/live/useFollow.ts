import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { readAnew } from '../api/readAnew';
import { useFrames, useTopic } from './LiveContext';
import type { Frame, Topic } from './protocol';

/**
 * Reads a query anew whenever a frame of a type tells that it may be old, and once when the topic begins
 * to be heard: what happened before that nobody tells. Returns how to read it at another time.
 */
export function useFollow(
  queryKey: QueryKey,
  topic: Topic,
  type: string,
  concerns: (frame: Frame) => boolean = () => true,
): () => Promise<void> {
  const queries = useQueryClient();
  const refresh = () => readAnew(queries, queryKey);
  useTopic(topic, { onHeard: () => void refresh() });
  useFrames(type, (frame) => {
    if (concerns(frame)) void refresh();
  });
  return refresh;
}
