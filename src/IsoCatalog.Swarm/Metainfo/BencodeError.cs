namespace IsoCatalog.Swarm.Metainfo;

/// <summary>Why bytes are not acceptable bencoding (BEP 3, read strictly).</summary>
public enum BencodeFault
{
    None,
    TooLong,
    TooDeep,
    TooManyValues,
    Truncated,
    UnknownType,
    NotANumber,
    LeadingZero,
    NegativeZero,
    NumberTooLarge,
    StringBeyondEnd,
    KeyIsNotAString,
    KeysOutOfOrder,
    DuplicateKey,
    TrailingBytes,
}

/// <param name="Fault">What is wrong.</param>
/// <param name="Offset">The byte at which it was noticed, from the start of what was read.</param>
public readonly record struct BencodeError(BencodeFault Fault, int Offset)
{
    public override string ToString() => $"{Reason} (at byte {Offset})";

    private string Reason => Fault switch
    {
        BencodeFault.None => "nothing is wrong",
        BencodeFault.TooLong => "longer than is allowed here",
        BencodeFault.TooDeep => "lists and dictionaries nested deeper than is allowed here",
        BencodeFault.TooManyValues => "more values than are allowed here",
        BencodeFault.Truncated => "ends in the middle of a value",
        BencodeFault.UnknownType => "a value starts with a byte that starts no value",
        BencodeFault.NotANumber => "a number has a byte that is no digit, or no digit at all",
        BencodeFault.LeadingZero => "a number has leading zeros",
        BencodeFault.NegativeZero => "a number is minus zero",
        BencodeFault.NumberTooLarge => "a number does not fit in 64 bits",
        BencodeFault.StringBeyondEnd => "a string is longer than what follows it",
        BencodeFault.KeyIsNotAString => "a dictionary key is not a string",
        BencodeFault.KeysOutOfOrder => "dictionary keys are not sorted",
        BencodeFault.DuplicateKey => "a dictionary has the same key twice",
        BencodeFault.TrailingBytes => "bytes follow the value",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
