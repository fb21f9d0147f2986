/** What a command may do with the terminal. Handed in, so that commands can be tried without a process of their own. */
export interface Terminal {
  /** Standard output: what was asked for. */
  readonly out: (text: string) => void;
  /** Standard error: problems, and progress. */
  readonly err: (text: string) => void;
  readonly colour: boolean;
  /** Whether somebody watches: progress is shown on standard error. */
  readonly progress: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Where relative paths start. */
  readonly cwd: string;
  /** Fires on Ctrl-C; whatever runs must then end in order. */
  readonly signal: AbortSignal;
}
