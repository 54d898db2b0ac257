using System.Net;

namespace IsoCatalog.Simulators.Engine;

/// <summary>A simulated engine before it runs.</summary>
public sealed record EngineOptions
{
    /// <summary>Port 0: the system chooses.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>Speak https, as every real engine does, with a certificate of a CA that is made at the start.</summary>
    public bool Tls { get; init; }

    /// <summary>Names in the certificate besides localhost and the address listened on.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>Where the CA's certificate is written (PEM) with <see cref="Tls"/>. Null: a temporary file, removed at the end.</summary>
    public string? CaFile { get; init; }

    /// <summary>With its profile, as an engine wants it.</summary>
    public string User { get; init; } = "admin@internal";

    public string Password { get; init; } = "simulated";

    /// <summary>An engine's UserSessionTimeOutInterval is 30 minutes.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The ISO domains. A data center has at most one of them.</summary>
    public required IReadOnlyList<EngineDomain> Domains { get; init; }

    /// <summary>Virtual machines that exist, all of them down and with an empty CD drive.</summary>
    public IReadOnlyList<EngineMachine> Machines { get; init; } = [];

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>An ISO storage domain of the engine: a directory that a host of each of its data centers reads, as VDSM would.</summary>
/// <param name="Path">The export: the directory that holds the one named after the domain.</param>
public sealed record EngineDomain(string Path, Guid Id)
{
    public string Name { get; init; } = "iso";

    /// <summary>Names of the data centers that it is attached to, in the order in which the engine asks them. None: unattached.</summary>
    public IReadOnlyList<string> DataCenters { get; init; } = ["Default"];

    /// <summary>What the engine says about free and used bytes. Null: asked of the file system.</summary>
    public (long Available, long Used)? Space { get; init; }
}

/// <param name="DataCenter">Where its hosts are, and so which ISO domain its CDs come from.</param>
public sealed record EngineMachine(string Name, string DataCenter = "Default");
