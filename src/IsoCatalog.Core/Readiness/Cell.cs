using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Readiness;

/// <summary>Where an image stands on one surface.</summary>
[JsonConverter(typeof(CellStateText))]
public enum CellState
{
    /// <summary>Not there.</summary>
    Absent,

    /// <summary>The bytes are on their way from another site.</summary>
    Fetching,

    /// <summary>The bytes are being written to the surface and read back.</summary>
    Verifying,

    /// <summary>Verified where it will be served; not shown yet.</summary>
    Staged,

    /// <summary>In the list.</summary>
    Advertised,

    /// <summary>The site's own copy is damaged; nothing is offered until it is replaced.</summary>
    Quarantined,

    /// <summary>Was in the list and is not any more; the reason says why.</summary>
    Withdrawn,
}

/// <summary>One cell of the ready matrix.</summary>
/// <param name="Code">One of <see cref="ReasonCode"/>; null while advertised.</param>
/// <param name="Reason">The same for people.</param>
/// <param name="Evidence">What the surface keeps of it since it was verified there; not null as long as something of ours may be visible at the surface.</param>
/// <param name="Progress">0 to 1 while verifying.</param>
/// <param name="FileName">The name under which it was shown: to be taken away under that name, whatever the catalog calls the image by then.</param>
public sealed record Cell(
    CellState State,
    DateTimeOffset Since,
    string? Code = null,
    string? Reason = null,
    Evidence? Evidence = null,
    double? Progress = null,
    string? FileName = null);

/// <summary>Written in lower case.</summary>
public sealed class CellStateText() : JsonStringEnumConverter<CellState>(System.Text.Json.JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);
