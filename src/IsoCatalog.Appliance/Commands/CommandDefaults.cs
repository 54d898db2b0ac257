namespace IsoCatalog.Appliance.Commands;

/// <summary>What holds for every verb where its options say nothing.</summary>
/// <param name="Config">The configuration file: $ISOCATALOG_CONFIG, or where an installed appliance looks.</param>
/// <param name="Socket">$ISOCATALOG_SOCKET; null when it is to be taken from the configuration.</param>
internal sealed record CommandDefaults(string Config, string? Socket, TimeProvider Time)
{
    /// <summary>Where the service manager wants to be told; null when none does.</summary>
    public string? NotifySocket { get; init; }

    /// <summary>Which stream goes to the journal, as "device:inode"; null when none does.</summary>
    public string? JournalStream { get; init; }
}
