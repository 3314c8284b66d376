/** The reader's language: the account's, else the browser's. English and Korean, both complete (`i18n.test.ts`). */
import i18next, { type ParseKeys } from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en";

export const LANGUAGES = ["en", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What each language calls itself. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", ko: "한국어" };

const STORED = "coslide.language";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
    enableSelector: false;
  }
}

/** The translating function where it is handed on: the full type of i18next is too deep for the compiler when texts are many. */
export type Translate = (key: ParseKeys, values?: Record<string, string | number>) => string;

export function isLanguage(value: string | null | undefined): value is Language {
  return value === "en" || value === "ko";
}

/** The language to begin with, before anyone is known: the last one used here, else the browser's. */
export function browserLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (isLanguage(stored)) return stored;
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith("ko")) ? "ko" : "en";
}

export function currentLanguage(): Language {
  return isLanguage(i18next.language) ? i18next.language : "en";
}

/** Starts the translations; call once, before the first render. */
export async function startI18n(language: Language = browserLanguage()): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
  });
  await setLanguage(language);
}

/** Switches every text at once and remembers the choice in this browser. */
export async function setLanguage(language: Language): Promise<void> {
  if (language === "ko" && !i18next.hasResourceBundle("ko", "translation")) {
    const { ko } = await import("./ko");
    i18next.addResourceBundle("ko", "translation", ko);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  localStorage.setItem(STORED, language);
}
