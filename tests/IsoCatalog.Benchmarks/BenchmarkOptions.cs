namespace IsoCatalog.Benchmarks;

internal sealed record BenchmarkOptions(bool Quick, bool Json, bool Help, IReadOnlyList<string> Only)
{
    public static string Usage(IReadOnlyList<BenchmarkRow> rows) => $"""
        Measures IsoCatalog beside the programs that would be used otherwise, and prints one table.

        dotnet run -c Release --project tests/IsoCatalog.Benchmarks -- [options]
          --quick      smaller files and one run: a first impression in less than five minutes
          --only NAME  this row, or this one line of it, alone; may be given several times
          --json       the table as JSON: row, ours, peer, peerName, unit, ratio, target, runs (their number), spread
          --help       this text

        Rows here:
        {string.Join(Environment.NewLine, rows.SelectMany(Describe))}

        Exit codes: 0 all rows were measured, 1 a row could not be, 2 wrong options. Missing a target is no error: machines differ.
        """;

    public static bool TryParse(string[] args, IReadOnlyList<BenchmarkRow> rows, out BenchmarkOptions options, out string message)
    {
        options = new BenchmarkOptions(Quick: false, Json: false, Help: false, []);
        message = "";
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--quick":
                    options = options with { Quick = true };
                    break;
                case "--json":
                    options = options with { Json = true };
                    break;
                case "--help" or "-h":
                    options = options with { Help = true };
                    break;
                case "--only" when i + 1 < args.Length && rows.Any(row => Names(row).Contains(args[i + 1])):
                    options = options with { Only = [.. options.Only, args[++i]] };
                    break;
                case "--only":
                    message = $"--only takes one of: {string.Join(", ", rows.SelectMany(Names))}.";
                    return false;
                default:
                    message = $"Unknown option '{args[i]}'; --help lists them.";
                    return false;
            }
        }

        return true;
    }

    /// <summary>Whether anything of a row is to be measured.</summary>
    public bool Includes(BenchmarkRow row) => Only.Count == 0 ? !row.OnlyByName : Names(row).Any(Only.Contains);

    private static IEnumerable<string> Names(BenchmarkRow row) => row.More.Select(row.NameOf).Prepend(row.Name);

    private static IEnumerable<string> Describe(BenchmarkRow row) => row.More
        .Select(line => $"  {row.NameOf(line),-22} the same; peer: {line.PeerName}")
        .Prepend($"  {row.Name,-22} {row.What}; peer: {row.PeerName}{(row.OnlyByName ? "; only by name" : "")}");
}
