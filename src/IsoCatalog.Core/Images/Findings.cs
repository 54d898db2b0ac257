namespace IsoCatalog.Core.Images;

/// <summary>What the parsers of one image have to say so far. The first refusal is the one that counts.</summary>
internal sealed class Findings
{
    private readonly List<string> _warnings = [];

    public IReadOnlyList<string> Warnings => _warnings;

    public IsoRefusal? Refusal { get; private set; }

    public void Warn(string message)
    {
        if (_warnings.Count < IsoReader.MaxWarnings && !_warnings.Contains(message))
        {
            _warnings.Add(message);
        }
    }

    public void Refuse(string code, string message) => Refusal ??= new IsoRefusal(code, message);

    public void RefuseTruncated(string declaredBy, ulong declared, ulong actual) => Refuse(
        IsoRefusal.Truncated,
        $"{declaredBy} needs {declared} bytes, but the file has {actual}: the last {declared - actual} are missing. "
        + "The copy or download is not complete: do it again.");
}
