import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../app/Avatar";
import { useObservable } from "../app/useObservable";
import { formatAgo } from "../i18n/format";
import { termsById } from "../model/terms";
import styles from "./HistorySection.module.css";
import panel from "./panel.module.css";
import { recentEvents } from "./recentEvents";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";
import { useNow } from "./useNow";

/** The last things people did here; pressing one goes there. */
export function HistorySection() {
  const { t } = useTranslation();
  const { session, workbench, terms, desk } = useOpenSlide();
  const snapshot = useObservable(session.annotations);
  const now = useNow();
  const events = useMemo(() => recentEvents(snapshot.byId.values(), desk.predictions), [snapshot, desk.predictions]);
  const names = termsById(terms);
  return (
    <Section title={t("panel.history")}>
      {events.length === 0 && <p className={panel.hint}>{t("panel.noHistory")}</p>}
      <ul className={panel.rows}>
        {events.map((event) => {
          const term = event.kind === "predicted" ? undefined : names.get(event.termId ?? "")?.name;
          const text =
            event.kind === "predicted"
              ? t("panel.predicted", { model: event.model })
              : term
                ? t(`panel.${event.kind}`, { term })
                : t(`panel.${event.kind}Plain`);
          return (
            <li key={event.key}>
              <button
                type="button"
                className={`${panel.row} ${styles.event}`}
                onClick={() => (event.kind === "predicted" ? desk.show(event.id) : workbench.fitAnnotation(event.id))}
              >
                {event.by && <Avatar person={event.by} size={20} />}
                <span className={panel.label}>
                  <span className="visually-hidden">{event.by?.name} </span>
                  {text}
                </span>
                <span className={styles.when}>{formatAgo(event.at, now)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
