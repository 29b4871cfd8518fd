import { styled } from "./style.js";

/** A snippet with what was found in a colour in place of the « and » around it; as it is where there are no colours. */
export const highlighted = (snippet: string): string =>
  snippet.replace(/«([^«»]*)»/g, (marked, found: string) => {
    const coloured = styled(["bold", "yellow"], found);
    return coloured === found ? marked : coloured;
  });
