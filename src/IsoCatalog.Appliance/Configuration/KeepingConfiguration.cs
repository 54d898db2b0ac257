namespace IsoCatalog.Appliance.Configuration;

/// <param name="Path">The folder into which operators drop images.</param>
public sealed record InboxConfiguration(string Path)
{
    /// <summary>How often the folder is listed in case the kernel's notice was lost; at least 1 s.</summary>
    public TimeSpan Rescan { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>How long a removed image can be restored. Whichever limit is met first removes the oldest.</summary>
public sealed record RetiredConfiguration
{
    public TimeSpan Keep { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Bytes.</summary>
    public long Quota { get; init; } = 200L << 30;
}

public sealed record StoreConfiguration
{
    /// <summary>Bytes that stay free on the file system: nothing that would go below is begun.</summary>
    public long Floor { get; init; } = 1L << 30;
}

/// <summary>The slow re-reading of everything that is stored and published.</summary>
public sealed record ScrubConfiguration
{
    /// <summary>How long after it was last read and right a file is read again; at least 1 min.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Bytes per second; 0 for no limit.</summary>
    public long Rate { get; init; } = 50_000_000;
}

/// <summary>From when on what is allowed is worth an alarm. It decides nothing else.</summary>
public sealed record AlarmConfiguration
{
    /// <summary>Changes of the catalog by one site within an hour.</summary>
    public int Changes { get; init; } = 50;

    /// <summary>Images that it takes away within an hour, in percent of all; 1 to 100.</summary>
    public int Share { get; init; } = 50;

    /// <summary>Entries that one site puts into the catalog within 24 hours; 0 for no alarm.</summary>
    public int NewPerDay { get; init; } = 500;
}

public sealed record LogConfiguration
{
    public LogFormat Format { get; init; }

    public LogLevel Level { get; init; } = LogLevel.Information;
}

public enum LogFormat
{
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}
