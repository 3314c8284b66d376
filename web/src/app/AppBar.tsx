/** The 52 px at the top of every page: where am I, the page's own tools, who am I. */
import { Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { IconChevronRight, IconLogout, IconMoon, IconSettings, IconSun } from "@tabler/icons-react";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import mark from "../theme/mark.svg";
import styles from "./AppBar.module.css";
import { Avatar } from "./Avatar";
import { LanguageItems } from "./LanguageSwitch";
import { HOME, SETTINGS } from "./paths";
import { endSession, useSession } from "./session";
import { showFailure } from "./toasts";

export interface Crumb {
  readonly label: string;
  /** Without one it is the page itself. */
  readonly href?: string;
}

interface Props {
  readonly crumbs: readonly Crumb[];
  /** Beside the breadcrumb, such as whether everything is saved. */
  readonly status?: ReactNode;
  readonly center?: ReactNode;
  readonly right?: ReactNode;
  /** The word beside the mark; the viewer gives its room to the tools. */
  readonly compact?: boolean;
}

export function AppBar({ crumbs, status, center, right, compact = false }: Props) {
  const { t } = useTranslation();
  return (
    <header className={styles.bar} data-compact={compact || undefined}>
      <div className={styles.left}>
        <Link href={HOME} className={styles.brand} aria-label={t("nav.home")}>
          <img src={mark} width={24} height={24} alt="" />
          {!compact && <span>Coslide</span>}
        </Link>
        <nav aria-label={t("nav.breadcrumb")} className={styles.crumbs}>
          {crumbs.map((crumb, index) => (
            <Fragment key={crumb.href ?? crumb.label}>
              {index > 0 && <IconChevronRight size={14} className={styles.chevron} aria-hidden />}
              {crumb.href ? (
                <Link href={crumb.href} className={styles.crumb}>
                  {crumb.label}
                </Link>
              ) : (
                <span className={styles.here} aria-current="page" title={crumb.label}>
                  {crumb.label}
                </span>
              )}
            </Fragment>
          ))}
        </nav>
        {status}
      </div>
      <div className={styles.center}>{center}</div>
      <div className={styles.right}>
        {right}
        <AccountMenu />
      </div>
    </header>
  );
}

function AccountMenu() {
  const { t } = useTranslation();
  const { me } = useSession();
  const [, navigate] = useLocation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = colorScheme !== "light";
  return (
    <Menu width={220}>
      <Menu.Target>
        <UnstyledButton className={styles.account} aria-label={t("nav.account", { name: me.user.name })}>
          <Avatar person={me.user} size={28} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={styles.who}>
          <strong>{me.user.name}</strong>
          <span>{me.email}</span>
        </div>
        <Menu.Divider />
        <Menu.Item leftSection={<IconSettings size={16} />} onClick={() => navigate(SETTINGS)}>
          {t("nav.settings")}
        </Menu.Item>
        <Menu.Item
          leftSection={dark ? <IconSun size={16} /> : <IconMoon size={16} />}
          onClick={() => setColorScheme(dark ? "light" : "dark")}
          closeMenuOnClick={false}
        >
          {dark ? t("theme.light") : t("theme.dark")}
        </Menu.Item>
        <Menu.Divider />
        <LanguageItems />
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => endSession().catch(showFailure)}>
          {t("nav.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
