import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  InputWrapper,
  Loader,
  type MantineColorsTuple,
  Menu,
  Modal,
  Popover,
  Tooltip,
} from "@mantine/core";
import controls from "./controls.module.css";

const violet: MantineColorsTuple = [
  "#f1eeff",
  "#ddd6ff",
  "#c0b4ff",
  "#ab9dff",
  "#8f7bff",
  "#7a66f3",
  "#6a55e8",
  "#5a46d4",
  "#4a38b4",
  "#3a2c90",
];

// From text to the deepest surface: Mantine takes its dark roles from this scale.
const dark: MantineColorsTuple = [
  "#eceaf2",
  "#c9c5d6",
  "#9c98ad",
  "#77738a",
  "#34323f",
  "#312f3e",
  "#282733",
  "#1e1d26",
  "#16151c",
  "#100f14",
];

export const theme = createTheme({
  fontFamily: '"Inter Variable", "Noto Sans KR Variable", system-ui, sans-serif',
  headings: { fontFamily: '"Inter Variable", "Noto Sans KR Variable", system-ui, sans-serif', fontWeight: "650" },
  fontSizes: { xs: "11px", sm: "13px", md: "13px", lg: "15px", xl: "18px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.45", lg: "1.45", xl: "1.35" },
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "10px", xl: "14px" },
  defaultRadius: "md",
  primaryColor: "violet",
  primaryShade: 6,
  colors: { violet, dark },
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: "sm" }, classNames: { root: controls.button } }),
    InputWrapper: InputWrapper.extend({ classNames: { label: controls.label, description: controls.hint } }),
    Loader: Loader.extend({ defaultProps: { type: "dots", color: "violet.4" } }),
    Menu: Menu.extend({ defaultProps: { shadow: "lg", position: "bottom-end", transitionProps: { duration: 110 } } }),
    Modal: Modal.extend({
      defaultProps: { centered: true, radius: "xl", overlayProps: { backgroundOpacity: 0.55, blur: 3 } },
      classNames: { content: controls.modal, header: controls.modalHeader, title: controls.modalTitle },
    }),
    Popover: Popover.extend({ defaultProps: { shadow: "lg" } }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 350, transitionProps: { duration: 90 }, withArrow: false },
      classNames: { tooltip: controls.tooltip },
    }),
  },
});

/** Hands our colour roles to Mantine, so that its controls and ours are one family in both schemes. */
export const cssVariables: CSSVariablesResolver = () => {
  const roles = {
    "--mantine-color-body": "var(--panel)",
    "--mantine-color-text": "var(--text)",
    "--mantine-color-dimmed": "var(--muted)",
    "--mantine-color-placeholder": "var(--faint)",
    "--mantine-color-default": "var(--raised)",
    "--mantine-color-default-hover": "var(--raised-hover)",
    "--mantine-color-default-color": "var(--text)",
    "--mantine-color-default-border": "var(--line)",
    "--mantine-color-error": "var(--danger)",
    "--mantine-color-anchor": "var(--accent-text)",
    "--mantine-primary-color-filled": "var(--accent)",
    "--mantine-primary-color-filled-hover": "var(--accent-hover)",
    "--mantine-color-violet-filled": "var(--accent)",
    "--mantine-color-violet-filled-hover": "var(--accent-hover)",
    "--mantine-color-violet-light": "var(--accent-soft)",
    "--mantine-color-violet-light-color": "var(--accent-text)",
    "--mantine-color-red-filled": "var(--danger-fill)",
    "--mantine-color-red-filled-hover": "var(--danger-fill)",
  };
  return { variables: {}, light: roles, dark: roles };
};
