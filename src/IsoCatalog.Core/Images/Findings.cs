namespace IsoCatalog.Core.Images;

/// <summary>What the parsers of one image have to say so far.</summary>
internal sealed class Findings
{
    private readonly Said _faults = new();
    private readonly Said _warnings = new();

    /// <summary>The first fault is the one that the image is refused for.</summary>
    public IsoRefusal? Refusal { get; private set; }

    /// <summary>What an image is refused for unless its hash is known to be right.</summary>
    public int Faults => _faults.Messages.Count;

    /// <summary>The faults, then what is no more than a warning; of each what came first, as far as there is room.</summary>
    public IReadOnlyList<string> All =>
        [.. _faults.Messages, .. _warnings.Messages, .. _faults.LeftOut + _warnings.LeftOut is > 0 and var more ? [$"{more} more warnings are left out."] : (ReadOnlySpan<string>)[]];

    /// <summary>Something that is mounted or started ends there, as it says itself.</summary>
    public ulong Used { get; private set; }

    public void Use(ulong end) => Used = Math.Max(Used, end);

    public void Warn(string message) => _warnings.Add(message);

    /// <param name="what">What is wrong, as it is also said of an image that is taken all the same.</param>
    /// <param name="advice">For whoever has it refused.</param>
    public void Refuse(string code, string what, string advice)
    {
        Refusal ??= new IsoRefusal(code, $"{what} {advice}");
        _faults.Add(what);
    }

    public void RefuseTruncated(string declaredBy, ulong declared, ulong actual) => Refuse(
        IsoRefusal.Truncated,
        $"{declaredBy} needs {declared} bytes, but the file has {actual}: the last {declared - actual} are missing.",
        "The copy or download is not complete: do it again.");

    /// <summary>Half of the room is for each of the two.</summary>
    private sealed class Said
    {
        private readonly List<string> _messages = [];
        private int _characters;

        public IReadOnlyList<string> Messages => _messages;

        public int LeftOut { get; private set; }

        public void Add(string message)
        {
            if (_messages.Contains(message))
            {
                return;
            }

            if (_messages.Count < (IsoReader.MaxWarnings - 1) / 2 && _characters + message.Length <= IsoReader.MaxWarningCharacters / 2)
            {
                _messages.Add(message);
                _characters += message.Length;
            }
            else
            {
                LeftOut++;
            }
        }
    }
}
