//! Everything a key can do: one table of named, documented actions and the
//! contexts each has a meaning in. Keymaps, hints and the help page come from it.

/// Where keys are read: a layer names its contexts, the most special one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    Clusters,
    Templates,
    Events,
    Certificates,
    NodeGroups,
    Nodes,
    Resources,
    History,
    Issued,
    InForce,
    Calls,
    /// The page of settings.
    Settings,
    Images,
    Flavors,
    Networks,
    Keypairs,
    Limits,
    Orphans,
    /// Stack events of all clusters.
    Happenings,
    /// Every pane whose rows a cursor walks over.
    List,
    /// The screen with the four panes.
    Home,
    /// The page of one cluster.
    Cluster,
    /// The page of the project and its cloud.
    Cloud,
    /// A shell that has the keyboard.
    Shell,
    /// The page of shells while the dashboard has the keyboard.
    Shells,
    /// A text over the whole screen.
    Pager,
    Form,
    Labels,
    Picker,
    Palette,
    Filter,
    Dialog,
    Confirm,
    Kubeconfig,
    /// A command that is to run.
    Line,
    /// A certificate request is being signed.
    Signing,
    Help,
    Global,
}

impl Context {
    pub const ALL: &[Self] = &[
        Self::Clusters,
        Self::Templates,
        Self::Events,
        Self::Certificates,
        Self::NodeGroups,
        Self::Nodes,
        Self::Resources,
        Self::History,
        Self::Issued,
        Self::InForce,
        Self::Calls,
        Self::Settings,
        Self::Images,
        Self::Flavors,
        Self::Networks,
        Self::Keypairs,
        Self::Limits,
        Self::Orphans,
        Self::Happenings,
        Self::List,
        Self::Home,
        Self::Cluster,
        Self::Cloud,
        Self::Shell,
        Self::Shells,
        Self::Pager,
        Self::Form,
        Self::Labels,
        Self::Picker,
        Self::Palette,
        Self::Filter,
        Self::Dialog,
        Self::Confirm,
        Self::Kubeconfig,
        Self::Line,
        Self::Signing,
        Self::Help,
        Self::Global,
    ];

    /// Section of a keymap file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Templates => "templates",
            Self::Events => "events",
            Self::Certificates => "certificates",
            Self::NodeGroups => "node-groups",
            Self::Nodes => "nodes",
            Self::Resources => "resources",
            Self::History => "history",
            Self::Issued => "issued",
            Self::InForce => "in-force",
            Self::Calls => "calls",
            Self::Settings => "settings",
            Self::Images => "images",
            Self::Flavors => "flavors",
            Self::Networks => "networks",
            Self::Keypairs => "keypairs",
            Self::Limits => "quotas",
            Self::Orphans => "orphans",
            Self::Happenings => "project-events",
            Self::List => "list",
            Self::Home => "home",
            Self::Cluster => "cluster",
            Self::Cloud => "cloud",
            Self::Shell => "shell",
            Self::Shells => "shells",
            Self::Pager => "pager",
            Self::Form => "form",
            Self::Labels => "labels",
            Self::Picker => "picker",
            Self::Palette => "palette",
            Self::Filter => "filter",
            Self::Dialog => "dialog",
            Self::Confirm => "confirm",
            Self::Kubeconfig => "kubeconfig",
            Self::Line => "line",
            Self::Signing => "signing",
            Self::Help => "help",
            Self::Global => "global",
        }
    }

    /// Heading on the help page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Clusters => "Clusters",
            Self::Templates => "Templates",
            Self::Events => "Stack events",
            Self::Certificates => "CA certificates",
            Self::NodeGroups => "Node groups",
            Self::Nodes => "Nodes",
            Self::Resources => "Resources",
            Self::History => "History",
            Self::Issued => "Issued certificates",
            Self::InForce => "Labels in force",
            Self::Calls => "API calls",
            Self::Settings => "Settings",
            Self::Images => "Images",
            Self::Flavors => "Flavors",
            Self::Networks => "Networks",
            Self::Keypairs => "Keypairs",
            Self::Limits => "Quotas",
            Self::Orphans => "Orphans",
            Self::Happenings => "Events of all clusters",
            Self::List => "Moving about",
            Self::Home => "Panes",
            Self::Cluster => "Cluster page",
            Self::Cloud => "Cloud page",
            Self::Shell => "A shell being typed into",
            Self::Shells => "Shells",
            Self::Pager => "A text",
            Self::Form => "Form",
            Self::Labels => "Label editor",
            Self::Picker => "Picker",
            Self::Palette => "Command line",
            Self::Filter => "Filter",
            Self::Dialog => "Dialog",
            Self::Confirm => "Confirmation",
            Self::Kubeconfig => "Kubeconfig",
            Self::Line => "Command to run",
            Self::Signing => "Signing a certificate",
            Self::Help => "This page",
            Self::Global => "Everywhere",
        }
    }

    /// Of the page of shells, whoever has the keyboard.
    pub fn is_of_shells(&self) -> bool {
        matches!(self, Self::Shell | Self::Shells)
    }

    /// Whether printable keys are text here, and so cannot be bound.
    pub fn takes_text(self) -> bool {
        matches!(
            self,
            Self::Shell
                | Self::Labels
                | Self::Picker
                | Self::Palette
                | Self::Filter
                | Self::Confirm
                | Self::Kubeconfig
                | Self::Line
                | Self::Signing
        )
    }
}

impl Action {
    const PANES: [Self; 7] =
        [Self::Pane1, Self::Pane2, Self::Pane3, Self::Pane4, Self::Pane5, Self::Pane6, Self::Pane7];

    /// Goes to the pane of this number.
    pub fn pane(number: u8) -> Option<Self> {
        Self::PANES.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The place of the pane it goes to, counted from 0.
    pub fn to_pane(self) -> Option<usize> {
        Self::PANES.iter().position(|action| *action == self)
    }

    /// Whether it leads to a change of the cloud or of what is kept of clusters.
    pub fn changes(self) -> bool {
        matches!(
            self,
            Self::New
                | Self::Edit
                | Self::Import
                | Self::CreateFrom
                | Self::Pause
                | Self::Retry
                | Self::Rollback
                | Self::Stop
                | Self::Resize
                | Self::RemoveNode
                | Self::Upgrade
                | Self::NewNodegroup
                | Self::EditNodegroup
                | Self::RotateCredential
                | Self::RotateCa
                | Self::Kubeconfig
                | Self::Bastion
                | Self::Environment
                | Self::Sign
                | Self::Delete
        )
    }
}

macro_rules! actions {
    ($($variant:ident $name:literal $hint:literal $doc:literal [$($context:ident),+];)+) => {
        /// What a key asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $(#[doc = $doc] $variant,)+ }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name in keymap files.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The word beside its key in the footer; empty: only on the help page.
            pub fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)+ }
            }

            /// One line for the help page.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)+ }
            }

            /// Where it means something.
            pub fn contexts(self) -> &'static [Context] {
                match self { $(Self::$variant => &[$(Context::$context),+],)+ }
            }
        }
    };
}

// Order is the order of hints in the footer.
actions! {
    New "new" "new" "Fill in a form: a new template or a new cluster" [Clusters, Templates];
    Edit "edit" "edit" "Change what is there: a template, what is in an image, the quota of clusters" [Templates, Images, Limits];
    Import "import" "import" "Let Glance fetch an image from a web server" [Images];
    CreateFrom "create-from" "create cluster" "A new cluster from the selected template" [Templates];
    Open "open" "open" "Zoom in: a cluster to its page, a pane to the whole screen" [List];
    Toggle "toggle" "fold" "Open or close a branch of the resource tree" [Resources];
    Pause "pause" "pause" "Begin nothing further of a change that runs, or go on with it" [Clusters, Cluster];
    Retry "retry" "try again" "Go on with a change that failed, on fresh machines" [Clusters, Cluster];
    Rollback "rollback" "roll back" "Give up a change that failed or is paused" [Clusters, Cluster];
    Stop "stop" "stop" "Stop what Heat is doing to the cluster" [Clusters, Cluster];
    Why "why" "why" "Go to what failed, or to what is being waited for" [Clusters, Cluster];
    Resize "resize" "resize" "Give a node group more or fewer nodes" [Clusters, Cluster];
    RemoveNode "remove-node" "remove" "Take the node under the cursor away, or the marked ones" [Nodes];
    Upgrade "upgrade" "upgrade" "Go to the image and versions of another template" [Clusters, Cluster];
    NewNodegroup "new-node-group" "new group" "Add a node group" [Clusters, Cluster];
    EditNodegroup "edit-node-group" "bounds" "Change how few and how many nodes a group may have" [NodeGroups];
    RotateCredential "rotate-credential" "" "Give add-ons another credential for the cloud" [Clusters, Cluster];
    RotateCa "rotate-ca" "" "Put a new Kubernetes CA in the old one's place" [Clusters, Cluster];
    Kubeconfig "kubeconfig" "kubeconfig" "Write the cluster's kubeconfig" [Clusters, Cluster];
    Shell "shell" "shell" "Open a shell in a pane: on the node under the cursor, else on the first master" [Clusters, Cluster, Shells];
    Shells "shells" "shells" "Go to the shells that are open" [Home, Cluster, Cloud];
    Cloud "cloud" "cloud" "Go to what the cloud has: images, flavors, networks, quotas, orphans, events" [Home, Cluster];
    Movers "movers" "movers" "Go to all that is on the move, one line for each" [Home];
    Release "release" "back to the dashboard" "Give the keyboard back to the dashboard; the shell goes on" [Shell];
    Type "type" "type" "Type into the shell again; close one that has ended" [Shells];
    Literal "literal" "" "Type the key that gives the keyboard back" [Shells];
    Search "search" "search" "Search in the text, or in what the shell has shown" [Shells, Pager];
    FindNext "find-next" "next" "To the next line that was searched for" [Pager];
    FindPrevious "find-previous" "" "To the line before that was searched for" [Pager];
    FindOlder "find-older" "next" "To the next line that was searched for, back in time" [Shells];
    FindNewer "find-newer" "" "The same, forward in time" [Shells];
    Mark "mark" "mark" "Begin to select lines for copying, or not" [Shells];
    EndShell "end-shell" "end" "End the shell and close its tab" [Shells];
    Login "login" "" "Log in to a node with ssh; the screen comes back afterwards" [Clusters, Cluster];
    AsText "as-text" "" "Read it whole, as YAML; in the text, once more as JSON" [Clusters, Templates, Cluster, Pager];
    Inspect "inspect" "details" "Read everything about it: a machine as Nova has it, a cluster's authorities" [Nodes, Certificates, Issued];
    Sign "sign" "sign" "Sign a certificate request, from a file or pasted" [Certificates, Issued];
    Turn "turn" "" "Another authority; afterwards, read the certificate" [Signing];
    When "when" "" "Read when what was done to the cluster, and how long each part took" [Clusters, Cluster];
    Parameters "parameters" "" "Read what Heat was given for the cluster, and what it gave" [Clusters, Cluster];
    Console "console" "console" "Read what the machine wrote on its console" [Nodes];
    Wrap "wrap" "wrap" "Break long lines, or show them as they are" [Pager];
    AsideRight "aside-right" "aside" "Show what is further right" [Pager];
    AsideLeft "aside-left" "" "Show what is further left" [Pager];
    Copy "copy" "copy" "Copy to the terminal's clipboard (OSC 52)" [Certificates, Calls, Settings, Clusters, Cluster, Images, Flavors, Networks, Keypairs, Orphans, Shells, Pager, Dialog];
    Delete "delete" "delete" "Delete, after a confirmation" [Clusters, Templates, Cluster, NodeGroups, Orphans];
    Filter "filter" "filter" "Show only rows with these words, without !these, or with the letters of ~these" [List];
    FollowLog "follow-log" "log" "Follow a node's logs from its boot on: of the one under the cursor, else of the first master" [Clusters, Cluster];
    Run "run" "run" "Run a command on the marked nodes, or on others, side by side" [Cluster];
    Environment "environment" "kubectl" "Run k9s, kubectl or a shell with KUBECONFIG leading to the cluster" [Clusters, Cluster];
    Bundle "bundle" "" "Gather what somebody who helps wants to see into a file" [Clusters, Cluster];
    Bastion "bastion" "" "Make a host between here and the nodes, or remove it" [Clusters, Cluster];
    Tile "tile" "side by side" "Show all shells side by side, or one" [Shells];
    MarkRow "mark-row" "" "Mark the row for what is to be done to several, or not" [Clusters, Templates, Nodes, Orphans];
    MarkRange "mark-range" "" "Mark all rows from the last mark to here" [Clusters, Templates, Nodes, Orphans];
    MarkAll "mark-all" "" "Mark all rows that are shown, or none" [Clusters, Templates, Nodes, Orphans];
    Sort "sort" "" "Sort by the next column; the selection stays" [Clusters, Templates, Certificates, NodeGroups, Nodes, History, Issued, InForce, Calls, Settings, Images, Flavors, Networks, Keypairs, Limits, Orphans, Happenings];
    SortReverse "sort-reverse" "" "Turn the order of the sorted column round" [Clusters, Templates, Certificates, NodeGroups, Nodes, History, Issued, InForce, Calls, Settings, Images, Flavors, Networks, Keypairs, Limits, Orphans, Happenings];
    Zoom "zoom" "" "Give the pane the whole screen, or give it back" [Home, Cluster, Cloud, Shells];
    Pane1 "pane-1" "" "Go to the first pane" [Home, Cluster, Cloud, Shells];
    Pane2 "pane-2" "" "Go to the second pane" [Home, Cluster, Cloud, Shells];
    Pane3 "pane-3" "" "Go to the third pane" [Home, Cluster, Cloud, Shells];
    Pane4 "pane-4" "" "Go to the fourth pane" [Home, Cluster, Cloud, Shells];
    Pane5 "pane-5" "" "Go to the fifth pane" [Cluster, Cloud, Shells];
    Pane6 "pane-6" "" "Go to the sixth pane" [Cluster, Cloud, Shells];
    Pane7 "pane-7" "" "Go to the seventh pane" [Cluster, Cloud, Shells];
    NextPane "next-pane" "next pane" "Go to the next pane" [Home, Cluster, Cloud, Shells];
    PreviousPane "previous-pane" "" "Go to the pane before" [Home, Cluster, Cloud, Shells];
    Up "up" "" "One row up" [List, Shells, Pager, Picker, Palette, Line, Help, Dialog, Confirm];
    Down "down" "" "One row down" [List, Shells, Pager, Picker, Palette, Line, Help, Dialog, Confirm];
    PageUp "page-up" "" "One page up" [List, Shells, Pager, Picker, Palette, Help, Dialog, Confirm];
    PageDown "page-down" "" "One page down" [List, Shells, Pager, Picker, Palette, Help, Dialog, Confirm];
    First "first" "" "To the first row" [List, Shells, Pager, Picker, Help, Dialog];
    Last "last" "" "To the last row; events follow again" [List, Shells, Pager, Picker, Help, Dialog];
    Submit "submit" "send" "Check the form and create, or look at it once more before" [Form];
    Press "press" "choose" "Open the picker, turn the switch, or go on to the next field" [Form, Settings];
    NextField "next-field" "next field" "Go to the next field" [Form];
    PreviousField "previous-field" "" "Go to the field before" [Form];
    Complete "complete" "complete" "Write the name out" [Labels, Palette];
    TurnBack "turn-back" "" "The value before, in a switch" [Form, Settings];
    TurnOn "turn-on" "" "The next value, in a switch" [Form, Settings];
    Keep "keep" "keep" "Write what was turned here into config.toml" [Settings];
    Wording "wording" "other command" "Preview the command as jeroboam's or as openstack's" [Form];
    Accept "accept" "ok" "Do it" [Dialog, Confirm, Kubeconfig, Signing, Line, Picker, Palette, Filter];
    Scope "scope" "other nodes" "Run it on other nodes" [Line];
    Merge "merge" "file or merge" "Write a file of its own, or merge into ~/.kube/config" [Kubeconfig];
    Back "back" "back" "Close this and go back" [List, Home, Cluster, Cloud, Shells, Pager, Form, Picker, Palette, Filter, Dialog, Confirm, Kubeconfig, Signing, Line, Help];
    GoBack "go-back" "" "Go to the page that was open before" [List, Shells];
    GoForward "go-forward" "" "Go to the page that one went back from" [List, Shells];
    Palette "palette" "" "Type what to do: every action by name, and every cluster" [Global];
    Calls "calls" "" "Every call of the cloud's APIs, and what Jeroboam did" [Global];
    Settings "settings" "" "What settings are in force and where they come from; themes and keys" [Global];
    Clouds "clouds" "" "Go to another cloud, project or region" [Global];
    Refresh "refresh" "" "Load everything again; connect again" [Global];
    Help "help" "keys" "Every key of where you are" [Global];
    Suspend "suspend" "" "Back to the shell for a while (fg returns)" [Global];
    Redraw "redraw" "" "Draw the screen again" [Global];
    Quit "quit" "quit" "Leave Jeroboam; stacks go on in the cloud" [Global];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Action, Context};

    #[test]
    fn names_are_unique_and_every_context_is_listed() {
        let names: BTreeSet<&str> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        let contexts: BTreeSet<&str> = Context::ALL.iter().map(|context| context.name()).collect();
        assert_eq!(contexts.len(), Context::ALL.len());
    }
}
