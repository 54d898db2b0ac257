using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Surfaces.Ovirt;

/// <param name="Name">Unique at its site.</param>
/// <param name="Path">Absolute path of the domain's export on this host.</param>
/// <param name="Domain">The storage domain's id, as the engine shows it.</param>
/// <param name="Engine">Who lists the domain to its users.</param>
public sealed record OvirtIsoDomainOptions(string Name, string Path, Guid Domain, EngineOptions Engine)
{
    /// <summary>What a panel asks for.</summary>
    public string Group { get; init; } = "ovirt";

    /// <summary>Bytes that a copy leaves free in the domain.</summary>
    public long Reserve { get; init; } = 256L << 20;

    /// <summary>How long a withdrawn file is kept out of sight, at least: a machine that still has it open reads on.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromHours(1);

    public EngineTiming Timing { get; init; } = new();
}

/// <param name="Url">https, with the engine's folder: <c>https://engine.example.com/ovirt-engine</c>.</param>
/// <param name="User">With its profile, such as <c>svc@internal</c>.</param>
/// <param name="PasswordFile">A file with the password alone; read at each login.</param>
/// <param name="CaFile">PEM: the only authorities that are believed; null for the system's.</param>
public sealed record EngineOptions(Uri Url, string User, string PasswordFile, string? CaFile)
{
    /// <summary>The query of a forced refresh.</summary>
    internal const string Refresh = "refresh=true";

    /// <summary>What every path is relative to.</summary>
    internal Uri Folder => new(Url.AbsoluteUri.TrimEnd('/') + "/");

    internal string PathOf(HttpRequestMessage request) => request.RequestUri!.AbsoluteUri[Folder.AbsoluteUri.Length..];

    internal EngineException Strange(string path) => new(
        ReasonCode.SurfaceUnreachable, $"What {Url} answered to {path} is not an engine's answer: is the URL right?");
}

/// <summary>How often an engine is asked, and how long it is waited for.</summary>
public sealed record EngineTiming
{
    private static readonly int[] RetrySeconds = [2, 5, 10, 20, 30, 60];

    /// <summary>Between two looks at the domain's status.</summary>
    public TimeSpan Look { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Between the starts of two forced refreshes, where many are wanted (see <see cref="RefreshPace"/>): each costs the engine's hosts a walk and its log an event.</summary>
    public TimeSpan Floor { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>What a refresh waits for others to join it.</summary>
    public TimeSpan Gather { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Between two forced refreshes when nothing happens.</summary>
    public TimeSpan Routine { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a confirmed list counts.</summary>
    public TimeSpan Confirmed { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long an engine may be out of reach before its images leave the list.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a new file may be missing from correct refreshes: hosts remember a folder for up to a minute.</summary>
    public TimeSpan Lag { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>What is waited before each further refresh, after one that failed or did not list the file; the last one counts from then on.</summary>
    public IReadOnlyList<TimeSpan> Retries { get; init; } = [.. RetrySeconds.Select(s => TimeSpan.FromSeconds(s))];

    /// <summary>For an answer, except to a forced refresh.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For the answer to a forced refresh: the engine itself waits 180 s for each host.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromSeconds(210);

    /// <summary>How long nobody asks an engine that failed several times in a row.</summary>
    public TimeSpan Break { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a refused password is not tried again, unless the file changes: engines lock accounts.</summary>
    public TimeSpan Denied { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>What a check waits for the engine before it goes by what was last heard.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>All that is waited by itself this many times shorter: for an engine that is simulated.</summary>
    public EngineTiming Faster(int times) => this with
    {
        Look = Look / times,
        Floor = Floor / times,
        Gather = Gather / times,
        Routine = Routine / times,
        Confirmed = Confirmed / times,
        Silence = Silence / times,
        Lag = Lag / times,
        Retries = [.. Retries.Select(r => r / times)],
        Break = Break / times,
        Denied = Denied / times,
    };
}
