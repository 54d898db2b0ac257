namespace IsoCatalog.Testing;

/// <summary>The version that was released last, built from this repository's own history by <c>tests/released.sh</c>.</summary>
public static class ReleasedVersion
{
    /// <summary>A minute's work for the first who asks on a machine.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    private const int NotInHistory = 3;

    private static readonly Lazy<Task<ProgramResult>> Built = new(() => Counterpart.RunAsync("/bin/bash", [Script()], Deadline, CancellationToken.None));

    /// <summary>The path of its program. A clone without its history: the test is skipped, or fails in CI.</summary>
    public static async Task<string> ProgramAsync()
    {
        var built = await Built.Value;
        if (built.ExitCode == NotInHistory)
        {
            Counterpart.Missing(built.Error);
        }

        return built.Succeeded().TrimEnd();
    }

    private static string Script()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Path.Combine(folder, "tests", "released.sh") is var script && File.Exists(script))
            {
                return script;
            }
        }

        throw new FileNotFoundException("tests/released.sh is in no folder above this one.", AppContext.BaseDirectory);
    }
}
