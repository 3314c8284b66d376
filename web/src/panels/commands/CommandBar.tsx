import { Popover, Tooltip } from "@mantine/core";
import {
  IconBorderOuter,
  IconContrast,
  IconCopy,
  IconCopyPlus,
  IconEaseInOut,
  IconLayersDifference,
  IconLayersIntersect,
  IconLayersSubtract,
  IconLayersUnion,
  IconPaintFilled,
  IconTags,
} from "@tabler/icons-react";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../../app/useObservable";
import { COMMAND_KEYS, type KeyCommand } from "../../tools";
import { useOpenSlide } from "../slideContext";
import styles from "./CommandBar.module.css";
import { NumberPrompt } from "./NumberPrompt";

const GROUPS: readonly (readonly KeyCommand[])[] = [
  ["union", "subtract", "intersect", "exclude"],
  ["askSimplify", "fillHoles", "askGrow", "inverse"],
  ["copy", "duplicate", "selectTerm"],
];

const ICONS: Partial<Record<KeyCommand, ReactNode>> = {
  union: <IconLayersUnion size={18} stroke={1.7} />,
  subtract: <IconLayersSubtract size={18} stroke={1.7} />,
  intersect: <IconLayersIntersect size={18} stroke={1.7} />,
  exclude: <IconLayersDifference size={18} stroke={1.7} />,
  askSimplify: <IconEaseInOut size={18} stroke={1.7} />,
  fillHoles: <IconPaintFilled size={18} stroke={1.7} />,
  askGrow: <IconBorderOuter size={18} stroke={1.7} />,
  inverse: <IconContrast size={18} stroke={1.7} />,
  copy: <IconCopy size={18} stroke={1.7} />,
  duplicate: <IconCopyPlus size={18} stroke={1.7} />,
  selectTerm: <IconTags size={18} stroke={1.7} />,
};

/** The commands on what is selected, each with its key, or the reason why it can't be done now. */
export function CommandBar() {
  const { t } = useTranslation();
  const { session, workbench } = useOpenSlide();
  // Whether a command can be done depends on both.
  const count = useObservable(workbench.selection).length;
  useObservable(session.annotations);
  const asked = useObservable(workbench.commands.asked);
  return (
    <div className={styles.bar} role="toolbar" aria-label={t("command.bar")}>
      <span className={styles.count}>{t("annotations.selected", { count })}</span>
      {GROUPS.map((group) => (
        <Fragment key={group[0]}>
          <span className={styles.divider} aria-hidden />
          {group.map((name) => {
            const prompt = name === "askSimplify" ? "simplify" : name === "askGrow" ? "grow" : null;
            if (prompt === null) return <Command key={name} name={name} />;
            return (
              <Popover
                key={name}
                opened={asked === prompt}
                onDismiss={() => workbench.commands.ask(null)}
                position="bottom"
                shadow="md"
                trapFocus
                returnFocus
                withRoles={false}
              >
                <Popover.Target>
                  <div>
                    <Command name={name} pressed={asked === prompt} />
                  </div>
                </Popover.Target>
                <Popover.Dropdown p="sm">
                  <NumberPrompt what={prompt} />
                </Popover.Dropdown>
              </Popover>
            );
          })}
        </Fragment>
      ))}
    </div>
  );
}

function Command({ name, pressed }: { readonly name: KeyCommand; readonly pressed?: boolean }) {
  const { t } = useTranslation();
  const { workbench } = useOpenSlide();
  const refusal = workbench.commands.refusal(name);
  const label = t(`command.${name}`);
  const keys = COMMAND_KEYS[name];
  return (
    <Tooltip
      label={
        <>
          {label} <kbd className={styles.key}>{keys}</kbd>
          <span className={styles.hint}>
            {refusal === null ? t(`command.hint.${name}`) : t(`command.note.${refusal}`)}
          </span>
        </>
      }
      position="bottom"
      multiline
      maw={260}
    >
      <button
        type="button"
        className={styles.command}
        aria-label={label}
        aria-expanded={pressed}
        // Not `disabled`: the reason has to be found by keyboard, too, and a press tells it.
        aria-disabled={refusal !== null || undefined}
        aria-description={refusal === null ? undefined : t(`command.note.${refusal}`)}
        aria-keyshortcuts={keys.replaceAll("Ctrl", "Control").replaceAll(" ", "+")}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => workbench.commands.run({ kind: name })}
      >
        {ICONS[name]}
      </button>
    </Tooltip>
  );
}
