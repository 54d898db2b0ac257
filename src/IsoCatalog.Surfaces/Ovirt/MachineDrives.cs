namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>A virtual machine and the discs in its drives, by the names of files.</summary>
/// <param name="Id">The engine's.</param>
/// <param name="Name">For people.</param>
/// <param name="Next">What it will have at its next start.</param>
/// <param name="Now">What it has as long as it is not down: a live change and Run Once set this alone.</param>
internal sealed record MachineDrives(string Id, string Name, IReadOnlySet<string> Next, IReadOnlySet<string> Now);
