import { useLocalStorage } from "@mantine/hooks";
import { IconChevronDown, IconPencil } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import { formatNumber } from "../i18n/format";
import type { Term } from "../model/annotation";
import { countByTerm, lookOf } from "../model/terms";
import { summed, type TermBranch, treeOf } from "../model/termTree";
import panel from "./panel.module.css";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";
import { TermSwatch } from "./TermSwatch";
import styles from "./TermsSection.module.css";

/** The terms with their keys; the lit one is what is drawn next. */
export function TermsSection() {
  const { t } = useTranslation();
  const { terms, session, canManage, openTerms } = useOpenSlide();
  const snapshot = useObservable(session.annotations);
  const counts = useMemo(() => countByTerm(snapshot.byId.values()), [snapshot]);
  const tree = useMemo(() => treeOf(terms), [terms]);
  const keys = useMemo(
    () => new Map(terms.map((term, index) => [term.id, term.hotkey ?? (index < 9 ? String(index + 1) : null)])),
    [terms],
  );
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
        {tree.map((branch) => (
          <TermRows
            key={branch.term.id}
            branch={branch}
            depth={0}
            nested={tree.length < terms.length}
            keys={keys}
            counts={counts}
          />
        ))}
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

interface RowsProps {
  readonly branch: TermBranch<Term>;
  readonly depth: number;
  /** Whether any term lies below another, so that all leave room for the sign that folds. */
  readonly nested: boolean;
  readonly keys: ReadonlyMap<string, string | null>;
  readonly counts: ReadonlyMap<string | null, number>;
}

/** A term and those below it. Folded, it counts for all of them. */
function TermRows({ branch, depth, nested, keys, counts }: RowsProps) {
  const { t } = useTranslation();
  const { workbench, canDraw } = useOpenSlide();
  const active = useObservable(workbench.activeTermId);
  const [folded, setFolded] = useLocalStorage<readonly string[]>({
    key: "coslide.foldedTerms",
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  const { term, below } = branch;
  const isFolded = folded.includes(term.id);
  const key = keys.get(term.id) ?? null;
  const countOf = ({ id }: Term) => counts.get(id) ?? 0;
  const fold = () => setFolded(isFolded ? folded.filter((id) => id !== term.id) : [...folded, term.id]);
  return (
    <li>
      <div className={styles.line} style={{ paddingInlineStart: depth * 14 }}>
        {nested && below.length === 0 && <span className={styles.spacer} />}
        {below.length > 0 && (
          <button
            type="button"
            className={styles.fold}
            aria-expanded={!isFolded}
            aria-label={t(isFolded ? "terms.unfold" : "terms.fold", { name: term.name })}
            onClick={fold}
          >
            <IconChevronDown size={13} />
          </button>
        )}
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
          <span className={panel.label} title={term.name}>
            {term.name}
          </span>
          <span className={panel.figure}>{formatNumber(isFolded ? summed(branch, countOf) : countOf(term))}</span>
          {key !== null && (
            <kbd className={panel.key} aria-hidden>
              {key}
            </kbd>
          )}
        </button>
      </div>
      {below.length > 0 && !isFolded && (
        <ul className={panel.rows}>
          {below.map((each) => (
            <TermRows key={each.term.id} branch={each} depth={depth + 1} nested keys={keys} counts={counts} />
          ))}
        </ul>
      )}
    </li>
  );
}
