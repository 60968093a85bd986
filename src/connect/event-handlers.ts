/** A function as it stands in `onmessage` and its like. */
export type EventHandler<Type extends Event = Event> = (event: Type) => unknown;

/**
 * The event handler attributes of an event target (HTML Standard §8.1.8.1): each has its place among the listeners from the first time
 * it is set, keeps it when another function takes over, and loses it with null.
 */
export class EventHandlers {
  readonly #target: EventTarget;
  readonly #slots = new Map<string, { handler: EventHandler; readonly listener: EventHandler }>();

  constructor(target: EventTarget) {
    this.#target = target;
  }

  get(type: string): EventHandler | null {
    return this.#slots.get(type)?.handler ?? null;
  }

  /** Anything but a function stands for null. */
  set(type: string, handler: unknown): void {
    const slot = this.#slots.get(type);
    if (typeof handler !== "function") {
      if (slot !== undefined) this.#target.removeEventListener(type, slot.listener);
      this.#slots.delete(type);
    } else if (slot === undefined) {
      const added = {
        handler: handler as EventHandler,
        listener: (event: Event): unknown => Reflect.apply(added.handler, this.#target, [event]),
      };
      this.#slots.set(type, added);
      this.#target.addEventListener(type, added.listener);
    } else {
      slot.handler = handler as EventHandler;
    }
  }
}
