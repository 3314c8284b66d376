import { Menu } from "@mantine/core";
import { IconCheck, IconLanguage } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { UpdateMeDocument } from "../gql/graphql";
import { currentLanguage, LANGUAGE_NAMES, LANGUAGES, type Language, setLanguage } from "../i18n";
import styles from "./LanguageSwitch.module.css";
import { send } from "./requests";
import { showFailure } from "./toasts";

/** The two languages side by side, each in its own script. */
export function LanguageSwitch({ onChoose = setLanguage }: { readonly onChoose?: (language: Language) => unknown }) {
  const { t } = useTranslation();
  const current = currentLanguage();
  return (
    <fieldset className={styles.switch}>
      <legend className="visually-hidden">{t("common.language")}</legend>
      {LANGUAGES.map((language) => (
        <button
          key={language}
          type="button"
          lang={language}
          aria-pressed={language === current}
          onClick={() => onChoose(language)}
        >
          {LANGUAGE_NAMES[language]}
        </button>
      ))}
    </fieldset>
  );
}

/** Switches at once and remembers it with the account, so that it follows to the next machine. */
export function useAccountLanguage(): (language: Language) => void {
  const client = useClient();
  return (language) => {
    void setLanguage(language);
    send(client, UpdateMeDocument, { input: { locale: language } }).catch(showFailure);
  };
}

/** The languages as menu items. */
export function LanguageItems() {
  const choose = useAccountLanguage();
  const current = currentLanguage();
  useTranslation();
  return LANGUAGES.map((language) => (
    <Menu.Item
      key={language}
      lang={language}
      leftSection={<IconLanguage size={16} />}
      rightSection={language === current ? <IconCheck size={14} /> : null}
      aria-current={language === current || undefined}
      onClick={() => choose(language)}
    >
      {LANGUAGE_NAMES[language]}
    </Menu.Item>
  ));
}
