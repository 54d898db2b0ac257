namespace IsoCatalog.Benchmarks;

/// <summary>
/// One line of the table: something of ours beside the program that people would use otherwise, measured in turns in the same
/// run on the same machine. A new line is one class like this, named in <see cref="BenchmarkRows"/>.
/// </summary>
internal abstract class BenchmarkRow
{
    /// <summary>What <c>--only</c> takes.</summary>
    public abstract string Name { get; }

    /// <summary>What is measured, in a few words.</summary>
    public abstract string What { get; }

    public abstract string PeerName { get; }

    /// <summary>Of both figures, for example MB/s (10^6 bytes) or s.</summary>
    public abstract string Unit { get; }

    /// <summary>The least ratio that we want, or null where none is set.</summary>
    public abstract double? Target { get; }

    /// <summary>Set for times: the ratio is then the peer's figure divided by ours, so that more is better everywhere.</summary>
    public virtual bool LowerIsBetter => false;

    /// <summary>Whether the row means something on this machine; others are left out of the table.</summary>
    public virtual bool Applies => true;

    /// <summary>Further peers, or further figures, of the same runs.</summary>
    public virtual IReadOnlyList<BenchmarkLine> More => [];

    /// <summary>Too big for everybody's desk: measured only when <c>--only</c> names it.</summary>
    public virtual bool OnlyByName => false;

    public virtual int Runs(bool quick) => quick ? 1 : 5;

    /// <summary>The name of a line in the table.</summary>
    public string NameOf(BenchmarkLine line) => line.Suffix.Length == 0 ? Name : $"{Name}-{line.Suffix}";

    /// <summary>Makes what both sides need; its time is not measured.</summary>
    /// <exception cref="BenchmarkException">Something that the row needs is missing; the message says what to do.</exception>
    public abstract Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken);

    public abstract Task<double> OursAsync(CancellationToken cancellationToken);

    public abstract Task<double> PeerAsync(CancellationToken cancellationToken);

    /// <summary>Ends what was started; called once, also when preparing failed half way.</summary>
    public virtual Task FinishAsync() => Task.CompletedTask;
}

/// <summary>A row cannot be measured here, and why.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
