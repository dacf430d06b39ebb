/** The same as in package.json, which a test holds; a constant, so that no file is read at start-up. */
export const version = '0.1.0';
