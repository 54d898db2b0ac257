using Refit;

namespace IsoCatalog.Client;

/// <summary>Which images a panel asks for; members that are null do not narrow the answer.</summary>
/// <param name="Surface">A surface's name, or a kind or group (<c>ipmi</c>, <c>console</c>, <c>ovirt</c>): ready on all of them.</param>
/// <param name="Boot">uefi or bios.</param>
/// <param name="Text">Part of the title, the file name or the volume id.</param>
/// <param name="Cluster">An oVirt cluster by name or id: only what its virtual machines can mount.</param>
/// <param name="Lang">The language of titles, as a tag such as <c>pt-BR</c>; where there is none in it <c>pt</c>, then <c>en</c>, then any.</param>
public sealed record AvailableRequest(
    string Surface,
    string? Site = null,
    string? Os = null,
    string? Arch = null,
    string? Boot = null,
    string? Kind = null,
    string? Tag = null,
    [property: AliasAs("q")] string? Text = null,
    string? Cluster = null,
    string? Lang = null);

/// <summary>An answer and the tag to ask with the next time.</summary>
public sealed record AvailableChange(AvailableAnswer Answer, string? ETag);
