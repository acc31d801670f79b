/** Every code that the supervisor socket closes with; `docs/supervisor.md` has the same table. */
export const CLOSE_CODES = {
  /** The server stops; connect again. */
  goingAway: 1001,
  /** A frame was larger than 1 MiB (the WebSocket library sends it). */
  tooLarge: 1009,
  /** No good token within the time. */
  unauthenticated: 4401,
  /** The reader took too little; connect again and resume from the last number. */
  slowReader: 4413,
} as const;
