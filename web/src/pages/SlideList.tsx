import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import {
  IconArrowDown,
  IconArrowsSort,
  IconArrowUp,
  IconChevronDown,
  IconLayoutGrid,
  IconMicroscope,
  IconSearchOff,
  IconTable,
  IconTrash,
} from "@tabler/icons-react";
import { useDeferredValue, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "../app/EmptyState";
import { Refusal } from "../app/Refusal";
import type { PathFile } from "../app/slideFiles";
import type { ProjectCardFragment } from "../gql/graphql";
import { formatAgo, formatNumber } from "../i18n/format";
import page from "./ProjectsPage.module.css";
import { manages } from "./roles";
import { SlideCards } from "./SlideCards";
import styles from "./SlideList.module.css";
import { SlideTable } from "./SlideTable";
import {
  type Choice,
  COLUMNS,
  type Column,
  chosenSlides,
  EVERYTHING,
  isIn,
  NEWEST_FIRST,
  narrows,
  type Slide,
  type Sorting,
  STATES,
  sortedSlides,
  tally,
} from "./slideList";
import { UploadCard } from "./UploadCard";
import { useSlides } from "./useSlides";

interface Props {
  readonly project: ProjectCardFragment;
  readonly search: string;
  /** Counts up when slides have come or gone. */
  readonly revision: number;
  readonly over: boolean;
  readonly onSearch: (search: string) => void;
  readonly onFiles: (files: readonly PathFile[]) => void;
  readonly onChanged: () => void;
}

/** How this person last looked at this project's slides, on this device. */
interface Remembered extends Choice {
  readonly view: "grid" | "table";
  readonly sorting: Sorting;
}

const AT_FIRST: Remembered = { ...EVERYTHING, view: "grid", sorting: NEWEST_FIRST };

/** The slides of a project as cards or as a table, narrowed by search, states, tags and formats together. */
export function SlideList({ project, search, revision, over, onSearch, onFiles, onChanged }: Props) {
  const { t } = useTranslation();
  const [kept, setKept] = useLocalStorage<Remembered>({
    key: `coslide.slides.${project.id}`,
    defaultValue: AT_FIRST,
    getInitialValueInEffect: false,
  });
  const [inBin, setInBin] = useState(false);
  const canManage = manages(project.myRole);
  const { slides, total, complete, failure } = useSlides(project.id, inBin, revision);
  const words = useDeferredValue(search);
  const choice = inBin ? EVERYTHING : kept;
  const shown = useMemo(
    () => sortedSlides(chosenSlides(slides, choice, words), kept.sorting),
    [slides, choice, words, kept.sorting],
  );
  const change = (values: Partial<Remembered>) => setKept({ ...kept, ...values });
  const toggleTag = (tag: string) => change({ tags: toggled(kept.tags, tag) });
  const isNarrowed = narrows(choice) || words.trim() !== "";
  const showAll = () => {
    onSearch("");
    setInBin(false);
    change(EVERYTHING);
  };
  const upload = canManage && !inBin && !isNarrowed && (
    <UploadCard projectId={project.id} over={over} onFiles={onFiles} />
  );
  const nothing = total !== null && shown.length === 0 && (
    <NothingHere inBin={inBin} isNarrowed={isNarrowed} search={words} canManage={canManage} onClear={showAll} />
  );
  const common = { slides: shown, canManage, onTag: toggleTag, onChanged };

  return (
    <>
      <div className={page.head}>
        <div>
          <h1>{project.name}</h1>
          <p>
            {t("projects.slides", { count: project.slideCount })} ·{" "}
            {t("projects.annotations", { count: project.annotationCount })}
            {!inBin && slides[0] && ` · ${t("grid.lastActivity", { ago: formatAgo(newest(slides)) })}`}
          </p>
        </div>
        <div className={styles.tools}>
          {kept.view === "grid" && <SortMenu sorting={kept.sorting} onSort={(sorting) => change({ sorting })} />}
          <fieldset className={styles.views}>
            <legend className="visually-hidden">{t("grid.view")}</legend>
            {(["grid", "table"] as const).map((view) => (
              <Tooltip key={view} label={t(`grid.views.${view}`)}>
                <ActionIcon
                  variant={kept.view === view ? "default" : "subtle"}
                  color="gray"
                  size={32}
                  aria-label={t(`grid.views.${view}`)}
                  aria-pressed={kept.view === view}
                  onClick={() => change({ view })}
                >
                  {view === "grid" ? <IconLayoutGrid size={17} /> : <IconTable size={17} />}
                </ActionIcon>
              </Tooltip>
            ))}
          </fieldset>
        </div>
      </div>
      <fieldset className={styles.filters}>
        <legend className="visually-hidden">{t("grid.filters")}</legend>
        <button type="button" className={styles.filter} aria-pressed={!inBin && !isNarrowed} onClick={showAll}>
          {t("grid.filter.all")} {!inBin && total !== null && <Count value={total} />}
        </button>
        {STATES.map((state) => {
          const count = inBin ? 0 : slides.filter((slide) => isIn(slide, state)).length;
          const pressed = !inBin && kept.states.includes(state);
          return (
            <button
              key={state}
              type="button"
              className={styles.filter}
              aria-pressed={pressed}
              onClick={() => {
                setInBin(false);
                change({ states: toggled(inBin ? [] : kept.states, state) });
              }}
            >
              {t(`grid.filter.${state}`)} {count > 0 && <Count value={count} />}
            </button>
          );
        })}
        {!inBin && (
          <>
            <Facet
              label={t("grid.tags")}
              values={tally(slides, ({ tags }) => tags)}
              chosen={kept.tags}
              onChoose={(tags) => change({ tags })}
            />
            <Facet
              label={t("grid.column.format")}
              values={tally(slides, ({ vendor }) => [vendor])}
              chosen={kept.formats}
              onChoose={(formats) => change({ formats })}
            />
            {kept.tags.map((tag) => (
              <button
                key={tag}
                type="button"
                className={styles.filter}
                aria-pressed
                aria-label={t("grid.untag", { tag })}
                onClick={() => toggleTag(tag)}
              >
                #{tag} ×
              </button>
            ))}
          </>
        )}
        {canManage && (
          <button type="button" className={styles.filter} aria-pressed={inBin} onClick={() => setInBin(!inBin)}>
            {t("grid.filter.bin")}
          </button>
        )}
        <span className={styles.shown} role="status">
          {!complete && total !== null && t("grid.loading", { loaded: slides.length, total })}
          {complete && isNarrowed && t("grid.shown", { shown: shown.length, total: slides.length })}
        </span>
      </fieldset>
      {failure ? (
        <Refusal title={t("grid.failed")} failure={failure} onRetry={onChanged} />
      ) : kept.view === "grid" || nothing ? (
        <SlideCards {...common} waiting={total === null} first={upload} last={nothing} />
      ) : (
        <>
          {upload && <div className={styles.upload}>{upload}</div>}
          <SlideTable
            {...common}
            sorting={kept.sorting}
            onSort={(column) => change({ sorting: next(kept.sorting, column) })}
          />
        </>
      )}
    </>
  );
}

function Count({ value }: { readonly value: number }) {
  return <span className={styles.count}>{formatNumber(value)}</span>;
}

interface FacetProps {
  readonly label: string;
  /** With how many slides have each. */
  readonly values: readonly (readonly [value: string, count: number])[];
  readonly chosen: readonly string[];
  readonly onChoose: (values: readonly string[]) => void;
}

/** Values to choose some of, in a menu that stays open. */
function Facet({ label, values, chosen, onChoose }: FacetProps) {
  if (values.length === 0) return null;
  return (
    <Menu closeOnItemClick={false} width={230} position="bottom-start">
      <Menu.Target>
        <button type="button" className={styles.filter} data-chosen={chosen.length > 0 || undefined}>
          {label} {chosen.length > 0 && <Count value={chosen.length} />}
          <IconChevronDown size={13} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: "auto" }}>
        {values.map(([value, count]) => (
          <Menu.CheckboxItem
            key={value}
            checked={chosen.includes(value)}
            rightSection={<Count value={count} />}
            onChange={() => onChoose(toggled(chosen, value))}
          >
            {value}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface SortProps {
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
}

function SortMenu({ sorting, onSort }: SortProps) {
  const { t } = useTranslation();
  const Arrow = sorting.descending ? IconArrowDown : IconArrowUp;
  return (
    <Menu width={190} position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          size="xs"
          h={32}
          leftSection={<IconArrowsSort size={15} />}
          rightSection={<Arrow size={14} />}
        >
          {t(`grid.column.${sorting.column}`)}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {COLUMNS.map((column) => (
          <Menu.Item
            key={column}
            leftSection={<Arrow size={15} style={{ opacity: column === sorting.column ? 1 : 0 }} />}
            onClick={() => onSort(next(sorting, column))}
          >
            {t(`grid.column.${column}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface NothingProps {
  readonly inBin: boolean;
  readonly isNarrowed: boolean;
  readonly search: string;
  readonly canManage: boolean;
  readonly onClear: () => void;
}

function NothingHere({ inBin, isNarrowed, search, canManage, onClear }: NothingProps) {
  const { t } = useTranslation();
  if (isNarrowed) {
    return (
      <EmptyState
        icon={<IconSearchOff />}
        title={t("grid.noMatchTitle")}
        text={search ? t("grid.noMatchText", { search }) : t("grid.noFilterText")}
      >
        <Button variant="default" onClick={onClear}>
          {t("grid.showAll")}
        </Button>
      </EmptyState>
    );
  }
  if (inBin) return <EmptyState icon={<IconTrash />} title={t("grid.binEmpty")} text={t("grid.binEmptyText")} />;
  return (
    <EmptyState
      icon={<IconMicroscope />}
      title={t("grid.emptyTitle")}
      text={canManage ? t("grid.emptyText") : t("grid.emptyViewer")}
    />
  );
}

/** The same column again turns the order round; names begin at the beginning, figures with the largest. */
function next(sorting: Sorting, column: Column): Sorting {
  if (sorting.column === column) return { column, descending: !sorting.descending };
  return { column, descending: !["name", "format", "tags", "by"].includes(column) };
}

function toggled<T>(values: readonly T[], value: T): readonly T[] {
  return values.includes(value) ? values.filter((each) => each !== value) : [...values, value];
}

function newest(slides: readonly Slide[]): string {
  return slides.reduce((latest, slide) => (slide.createdAt > latest ? slide.createdAt : latest), "");
}
