namespace IsoCatalog.Core.Catalog;

/// <summary>
/// What an image would be refused for, had nobody named its SHA-256: its structure is faulty, but it is what its publisher made. It is offered, and everybody who meets it is told.
/// </summary>
/// <param name="HashBy">Who named the hash, or where it stood.</param>
/// <param name="Found">For an operator, at least one.</param>
public sealed record ImageFaults(string HashBy, IReadOnlyList<string> Found)
{
    public override string ToString() => $"{string.Join(' ', Found)} It was taken because its SHA-256 is the one given by {HashBy}.";
}
