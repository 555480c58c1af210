// What an administrator orders: says what will be done, asks for the token, and sends both.

import { byId, write } from './text.js';

/**
 * @typedef {object} Order
 * @property {string} path
 * @property {object} body
 * @property {string} title
 * @property {string} words
 */
/** @typedef {{ job: string, versions: { version: string, why: string | null }[] }} ToldModel */

export class OrderDialog {
  /** In memory only. */
  #token = '';
  /** @type {Order | null} */
  #order = null;
  #dialog = /** @type {HTMLDialogElement} */ (byId('order'));
  #input = /** @type {HTMLInputElement} */ (byId('order-token'));
  #go = /** @type {HTMLButtonElement} */ (byId('order-go'));
  #done;

  /** @param {(done: string) => void} done */
  constructor(done) {
    this.#done = done;
    byId('order-cancel').addEventListener('click', () => this.#dialog.close());
    this.#dialog.addEventListener('close', () => {
      this.#order = null;
      this.#input.value = '';
    });
    byId('order-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  /** @param {Order} order */
  ask(order) {
    this.#order = order;
    write(byId('order-title'), order.title);
    write(byId('order-words'), order.words);
    byId('order-ask').hidden = this.#token !== '';
    this.#complain('');
    this.#dialog.showModal();
    (this.#token === '' ? this.#input : this.#go).focus();
  }

  /**
   * What each job serves, as administration tells it; null without a token that is right.
   * @returns {Promise<ToldModel[] | null>}
   */
  async models() {
    if (this.#token === '') return null;
    const answer = await fetch('/admin/models', { headers: this.#headers() }).catch(() => null);
    return answer?.ok ? (await answer.json()).models : null;
  }

  async #send() {
    const order = this.#order;
    if (order === null || this.#go.disabled) return;
    this.#token ||= this.#input.value.trim();
    if (!/^[\x21-\x7e]+$/.test(this.#token)) return this.#refuse('Expected the token of http.adminToken.');
    this.#complain('');
    this.#go.disabled = true;
    write(this.#go, 'Doing it');
    try {
      const answer = await fetch(order.path, {
        method: 'POST',
        headers: { ...this.#headers(), 'content-type': 'application/json' },
        body: JSON.stringify(order.body),
      });
      const told = await answer.json();
      if (answer.status === 401 || answer.status === 403) this.#refuse(told.detail);
      else if (!answer.ok) this.#complain(told.detail);
      else {
        this.#dialog.close();
        this.#done(told.done);
      }
    } catch (error) {
      this.#complain(`The daemon did not answer: ${/** @type {Error} */ (error).message}`);
    } finally {
      this.#go.disabled = false;
      write(this.#go, 'Do it');
    }
  }

  #headers() {
    return { authorization: `Bearer ${this.#token}` };
  }

  /** The token is wrong: another is asked for. @param {string} why */
  #refuse(why) {
    this.#token = '';
    byId('order-ask').hidden = false;
    this.#complain(why);
    this.#input.select();
  }

  /** @param {string} why */
  #complain(why) {
    const line = byId('order-trouble');
    line.hidden = why === '';
    write(line, why);
  }
}
