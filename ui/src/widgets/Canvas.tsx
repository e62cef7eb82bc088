/** A canvas that is as sharp as the screen and drawn again when its size, its colours or what it shows changes. */

import { type JSX, useLayoutEffect, useRef, useState } from "react";

import { colourScheme, useColourScheme } from "./theme.ts";

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

interface CanvasProps {
  readonly className: string;
  /** A new function is a new drawing. */
  readonly draw: (surface: Surface) => void;
  /** In CSS pixels; the width is what the style sheet gives it. */
  readonly height: number;
}

export function Canvas({ className, draw, height }: CanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const colours = useColourScheme();

  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: other colours are another drawing
  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || width === 0) return;
    const scale = window.devicePixelRatio || 1;
    element.width = Math.round(width * scale);
    element.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    draw({ context, width, height });
  }, [draw, width, height, colours]);

  return <canvas ref={canvas} className={className} style={{ height }} aria-hidden="true" />;
}

const resolved = new Map<string, string>();

/**
 * What a token is in the colours that are shown now: a canvas knows no variables. What was asked once is remembered, as each
 * question makes the browser compute styles.
 */
export function tokenColours<Name extends string>(tokens: Readonly<Record<Name, string>>): Record<Name, string> {
  const scheme = colourScheme();
  const found = {} as Record<Name, string>;
  for (const name of Object.keys(tokens) as Name[]) {
    const key = `${scheme} ${tokens[name]}`;
    const colour = resolved.get(key) ?? resolve(tokens[name]);
    resolved.set(key, colour);
    found[name] = colour;
  }
  return found;
}

function resolve(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
