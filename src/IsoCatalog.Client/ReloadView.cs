namespace IsoCatalog.Client;

/// <summary>What came of reading the configuration again.</summary>
/// <param name="File">The file that was read.</param>
/// <param name="Taken">The keys whose change holds now; empty when nothing changed that a running site can take.</param>
/// <param name="NeedRestart">Every change that does not hold before a restart.</param>
public sealed record ReloadView(string File, IReadOnlyList<string> Taken, IReadOnlyList<ConfigurationChange> NeedRestart);

/// <param name="Key">Where in the file's tree, such as <c>listen.api</c>.</param>
/// <param name="Line">From 1; 0 when it has no place in the file.</param>
/// <param name="Column">From 1; 0 when it has no place in the file.</param>
/// <param name="Text">What holds now, and what the file says.</param>
public sealed record ConfigurationChange(string Key, int Line, int Column, string Text);
