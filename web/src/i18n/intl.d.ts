import type ru from './ru.json';

// Russian is the source catalogue: an id that it lacks does not compile.
declare global {
  namespace FormatjsIntl {
    interface Message {
      ids: keyof typeof ru;
    }
  }
}
