import { IconPencil } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import { formatNumber } from "../i18n/format";
import { countByTerm, lookOf } from "../model/terms";
import panel from "./panel.module.css";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";
import { TermSwatch } from "./TermSwatch";

/** The terms with their keys; the lit one is what is drawn next. */
export function TermsSection() {
  const { t } = useTranslation();
  const { terms, session, workbench, canManage, canDraw, openTerms } = useOpenSlide();
  const snapshot = useObservable(session.annotations);
  const active = useObservable(workbench.activeTermId);
  const counts = useMemo(() => countByTerm(snapshot.byId.values()), [snapshot]);
  const without = counts.get(null) ?? 0;
  const edit = canManage && (
    <button
      type="button"
      className={panel.icon}
      aria-label={t("panel.editTerms")}
      title={t("panel.editTerms")}
      onClick={openTerms}
    >
      <IconPencil size={15} />
    </button>
  );
  return (
    <Section title={t("panel.terms")} aside={edit}>
      {terms.length === 0 && (
        <p className={panel.hint}>
          {t("panel.noTerms")}{" "}
          {canManage && (
            <button type="button" className={panel.link} onClick={openTerms}>
              {t("panel.addTerms")}
            </button>
          )}
        </p>
      )}
      <ul className={panel.rows}>
        {terms.map((term, index) => {
          const key = term.hotkey ?? (index < 9 ? String(index + 1) : null);
          return (
            <li key={term.id}>
              <button
                type="button"
                className={panel.row}
                data-active={term.id === active || undefined}
                aria-pressed={term.id === active}
                aria-keyshortcuts={key ?? undefined}
                disabled={!canDraw}
                onClick={() => workbench.setActiveTerm(term.id)}
              >
                <TermSwatch look={lookOf(term)} />
                <span className={panel.label}>{term.name}</span>
                <span className={panel.figure}>{formatNumber(counts.get(term.id) ?? 0)}</span>
                {key !== null && (
                  <kbd className={panel.key} aria-hidden>
                    {key}
                  </kbd>
                )}
              </button>
            </li>
          );
        })}
        {without > 0 && (
          <li className={panel.row}>
            <TermSwatch look={lookOf(undefined)} />
            <span className={panel.label}>{t("panel.noTerm")}</span>
            <span className={panel.figure}>{formatNumber(without)}</span>
          </li>
        )}
      </ul>
    </Section>
  );
}
